using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>The requests of other tasks to the one task that owns the connection, which it wakes.</summary>
/// <param name="difference">The changes of channels that have to be sent to the server.</param>
/// <param name="backpressure">What the task may be waiting for instead of a message.</param>
/// <param name="wake">Ends the wait for the next message, if the function that it is given returns <see langword="true"/>.</param>
internal sealed class SessionInbox(Difference difference, Backpressure backpressure, Action<Func<bool>> wake)
{
    private readonly Lock _sync = new();
    private readonly LinkedList<SessionQuery> _queries = [];
    private volatile bool _hasQueries;

    public bool HasMail => difference.HasChanges || _hasQueries;

    /// <summary>Whether a caller waits for the server's answer. No caller waits for an UNLISTEN alone.</summary>
    public bool HasUrgentMail => difference.HasListens || _hasQueries;

    /// <summary>Notifies the session that there is a request.</summary>
    public void Post()
    {
        if (!IsMailWaiting())
            return;

        backpressure.Interrupt();
        wake(IsMailWaiting);
    }

    /// <summary>Queries the server on the listening connection itself.</summary>
    /// <param name="sql">The query.</param>
    /// <param name="cancellationToken">Withdraws it.</param>
    public async Task<IReadOnlyList<string>> AskAsync(string sql, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var query = new SessionQuery(sql);
        var entry = Add(query);
        Post();
        try
        {
            return await query.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Remove(entry);
        }
    }

    /// <summary>Takes the oldest query, if there is one.</summary>
    public SessionQuery? TakeQuery()
    {
        lock (_sync)
        {
            if (_queries.First is not { } first)
                return null;

            _queries.RemoveFirst();
            _hasQueries = _queries.Count > 0;
            return first.Value;
        }
    }

    /// <summary>The listener is stopped, so no query is answered any more.</summary>
    public void Abandon()
    {
        while (TakeQuery() is { } query)
            query.Answer.TrySetException(new ListenerClosedException());
    }

    private bool IsMailWaiting() => difference.IsInSession && HasMail;

    private LinkedListNode<SessionQuery> Add(SessionQuery query)
    {
        lock (_sync)
        {
            _hasQueries = true;
            return _queries.AddLast(query);
        }
    }

    private void Remove(LinkedListNode<SessionQuery> entry)
    {
        lock (_sync)
        {
            if (entry.List is null)
                return; // It was taken.

            _queries.Remove(entry);
            _hasQueries = _queries.Count > 0;
        }
    }
}
