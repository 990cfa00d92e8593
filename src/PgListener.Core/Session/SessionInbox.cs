using System.Collections.Concurrent;
using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>Where everyone else leaves wishes for the one task that owns the connection, and how that task is woken for them.</summary>
internal sealed class SessionInbox(ChannelTable channels, Backpressure backpressure, Waker waker)
{
    private readonly ConcurrentQueue<SessionQuery> _queries = [];

    public bool HasMail => channels.HasChanges || !_queries.IsEmpty;

    /// <summary>Tells the session that the wanted channels have changed.</summary>
    public void Post()
    {
        if (!IsMailWaiting())
            return;

        backpressure.Interrupt();
        waker.Wake(IsMailWaiting);
    }

    /// <summary>Has something asked of the server on the listening connection itself.</summary>
    public async Task<IReadOnlyList<string>> AskAsync(string sql, CancellationToken cancellationToken)
    {
        var query = new SessionQuery(sql);
        _queries.Enqueue(query);
        Post();
        return await query.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private bool IsMailWaiting() => channels.IsInSession && HasMail;

    public bool TryTakeQuery(out SessionQuery query) => _queries.TryDequeue(out query!);

    /// <summary>Whoever still waits for an answer waits in vain.</summary>
    public void Abandon()
    {
        while (_queries.TryDequeue(out var query))
            query.Answer.TrySetException(new ListenerClosedException());
    }
}
