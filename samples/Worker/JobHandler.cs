using Npgsql;
using PgListener;

namespace Worker;

/// <summary>Works until nothing is left, whatever has woken it. So it does not matter which notification came, or whether one was lost.</summary>
internal sealed partial class JobHandler<TQueue>(JobStore jobs, IHostApplicationLifetime lifetime, ILogger<JobHandler<TQueue>> logger)
    : INotificationHandler<TQueue>, IResyncHandler<TQueue>
    where TQueue : INotificationChannel<TQueue>, IJobQueue
{
    /// <summary>There is work. Up to MaxConcurrency of these calls run at a time, each with a job of its own.</summary>
    public Task HandleAsync(Notification<TQueue> notification, CancellationToken cancellationToken) => WorkAsync(cancellationToken);

    /// <summary>There may be work that nobody was told of: at the start, and after each reconnect. This is one call, so it spreads the work itself.</summary>
    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        => Task.WhenAll(Enumerable.Range(0, TQueue.Parallelism).Select(_ => WorkAsync(cancellationToken)));

    public async Task WorkAsync(CancellationToken cancellationToken)
    {
        // Once the host is stopping the job in hand is finished and no other begun. The token is cancelled only when that takes too long.
        while (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            try
            {
                if (await jobs.DoNextAsync(TQueue.ChannelName, TQueue.Work, cancellationToken) is not { } result)
                    return;
                Done(TQueue.ChannelName, result);
            }
            catch (NpgsqlException e)
            {
                // The handler's own connection was lost, perhaps not the listener's: then nobody would wake it again.
                TryingAgain(TQueue.ChannelName, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Queue}: {Result}")]
    private partial void Done(string queue, string result);

    [LoggerMessage(2, LogLevel.Warning, "{Queue}: trying again in a second. {Reason}")]
    private partial void TryingAgain(string queue, string reason);
}
