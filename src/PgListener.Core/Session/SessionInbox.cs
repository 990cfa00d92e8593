using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>Where everyone else leaves wishes for the one task that owns the connection, and how that task is woken for them.</summary>
/// <param name="difference">The channels that the server has to be told of.</param>
/// <param name="backpressure">What the task may be waiting for.</param>
/// <param name="wake">Ends the wait for the next message, if what it is given still says that this is needed.</param>
internal sealed class SessionInbox(Difference difference, Backpressure backpressure, Action<Func<bool>> wake)
{
    private readonly Lock _sync = new();
    private readonly LinkedList<SessionQuery> _queries = [];
    private volatile bool _hasQueries;

    public bool HasMail => difference.HasChanges || _hasQueries;

    /// <summary>Whether somebody waits for an answer of the server. An UNLISTEN is no such thing.</summary>
    public bool HasUrgentMail => difference.HasListens || _hasQueries;

    /// <summary>Tells the session that the wanted channels have changed.</summary>
    public void Post()
    {
        if (!IsMailWaiting())
            return;

        backpressure.Interrupt();
        wake(IsMailWaiting);
    }

    /// <summary>Has something asked of the server on the listening connection itself.</summary>
    /// <param name="sql">The question.</param>
    /// <param name="cancellationToken">Takes it back.</param>
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

    /// <summary>Takes the question that was asked first, if there is one.</summary>
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

    /// <summary>The listener is stopped: no answer will come.</summary>
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
