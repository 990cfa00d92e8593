using System.Data;
using Npgsql;
using PgListener.Connections;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>The work of one session between two waits for messages: requests of other tasks, and waiting for full queues.</summary>
/// <param name="connection">The connection that listens.</param>
/// <param name="server">The same, with time limits.</param>
/// <param name="session">The session.</param>
/// <param name="owner">Decides which results count.</param>
/// <param name="inbox">The requests.</param>
/// <param name="backpressure">Decides when reading has to pause.</param>
/// <param name="reconciler">Makes the server listen to the wanted channels.</param>
/// <param name="attention">Wakes the connection only while the session reads, and waits for the next request.</param>
/// <param name="time">The clock.</param>
internal sealed class SessionWork(
    NpgsqlConnection connection,
    SessionConnection server,
    SessionId session,
    SessionOwner owner,
    SessionInbox inbox,
    Backpressure backpressure,
    Reconciler reconciler,
    Attention attention,
    TimeProvider time)
{
    /// <summary>How long requests are gathered while reading is paused: before it answers one, the server sends all notifications that were committed earlier.</summary>
    private static readonly TimeSpan GatherTime = TimeSpan.FromSeconds(1);

    /// <summary>Whether there is work.</summary>
    public bool IsDue => inbox.HasMail || backpressure.IsOn;

    /// <summary>Does the work, and waits for more of it while requests follow each other closely.</summary>
    public async Task DoAsync(CancellationToken stopping)
    {
        attention.BeginWork();
        while (await ServeAsync(stopping).ConfigureAwait(false) && await attention.WaitForNextAsync().ConfigureAwait(false))
        {
            // The next request has come.
        }

        End();
    }

    /// <summary>The session is about to read. After this, it has to look once more whether there is work.</summary>
    public void End() => attention.EndWork();

    /// <summary>Serves the requests of other tasks, and waits for a full queue.</summary>
    /// <returns>Whether there were requests, and no full queue, after which there is more to read.</returns>
    private async Task<bool> ServeAsync(CancellationToken stopping)
    {
        long? gathering = null;
        var (wasRequested, wasPaused) = (false, false);
        while (IsDue)
        {
            stopping.ThrowIfCancellationRequested();
            wasRequested |= inbox.HasMail;
            wasPaused |= backpressure.IsOn;
            gathering = inbox.HasUrgentMail ? gathering ?? time.GetTimestamp() : null;
            var left = gathering is { } since ? GatherTime - time.GetElapsedTime(since) : Timeout.InfiniteTimeSpan;
            if (backpressure.IsOn && (gathering is null || left > TimeSpan.Zero))
            {
                foreach (var toBlame in await WaitAsync(left, stopping).ConfigureAwait(false))
                    toBlame.Overflow();
            }
            else if (owner.TryTakeQuery(session, inbox, out var query))
            {
                await AnswerAsync(query, stopping).ConfigureAwait(false);
                gathering = null; // Requests that arrived in the meantime are gathered from the beginning.
            }
            else if (inbox.HasMail)
            {
                await reconciler.ReconcileAsync(server, session, stopping).ConfigureAwait(false);
                gathering = null;
            }
        }

        return wasRequested && !wasPaused;
    }

    /// <summary>Waits until no queue is full, a request arrives, or the gathered requests are due.</summary>
    private async Task<IReadOnlyList<SubscriptionQueue>> WaitAsync(TimeSpan limit, CancellationToken stopping)
    {
        if (limit == Timeout.InfiniteTimeSpan)
            return await backpressure.WaitAsync(stopping).ConfigureAwait(false);

        using var due = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, stopping);
        try
        {
            return await backpressure.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return [];
        }
    }

    /// <summary>Executes a query, after the changes that were requested before it.</summary>
    private async Task AnswerAsync(SessionQuery query, CancellationToken stopping)
    {
        try
        {
            if (owner.Difference.HasChanges)
                await reconciler.ReconcileAsync(server, session, stopping).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            query.Answer.TrySetException(stopping.IsCancellationRequested ? new ListenerClosedException() : e);
            throw; // As without a query: the session ends, and the next one listens to everything.
        }

        try
        {
            query.Answer.TrySetResult(await server.QueryAsync(query.Sql, parameter: null, server.Limit, stopping).ConfigureAwait(false));
        }
        catch (PostgresException e) when (connection.FullState == ConnectionState.Open)
        {
            query.Answer.TrySetException(e); // The server refused only this query, so the connection can be kept.
        }
        catch (Exception e)
        {
            query.Answer.TrySetException(stopping.IsCancellationRequested ? new ListenerClosedException() : e);
            throw;
        }
    }
}
