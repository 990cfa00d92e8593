using Npgsql;
using PgListener;

namespace Worker;

/// <summary>Does jobs until none are left, so it does not matter which notification came, or whether one was lost.</summary>
internal sealed partial class JobHandler<TQueue>(JobStore jobs, IHostApplicationLifetime lifetime, ILogger<JobHandler<TQueue>> logger)
    : INotificationHandler<TQueue>, IResyncHandler<TQueue>
    where TQueue : INotificationChannel<TQueue>, IJobQueue
{
    /// <summary>There is work. Up to MaxConcurrency of these calls run at a time, each with its own job.</summary>
    public Task HandleAsync(Notification<TQueue> notification, CancellationToken cancellationToken) => WorkAsync(cancellationToken);

    /// <summary>There may be work without a notification, at the start and after each reconnect. This is a single call, so it distributes the work itself.</summary>
    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, TQueue.Parallelism).Select(_ => WorkAsync(cancellationToken)));
        CaughtUp(TQueue.ChannelName, resync.Reason);
    }

    public async Task WorkAsync(CancellationToken cancellationToken)
    {
        // When the host is stopping, the current job is finished and no other one is begun. The token is cancelled only if that takes too long.
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
                // The handler's own connection was lost. The listener's may be intact, in which case nothing would wake the handler again.
                TryingAgain(TQueue.ChannelName, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Queue}: {Result}")]
    private partial void Done(string queue, string result);

    [LoggerMessage(2, LogLevel.Warning, "{Queue}: trying again in a second. {Reason}")]
    private partial void TryingAgain(string queue, string reason);

    [LoggerMessage(3, LogLevel.Information, "{Queue}: caught up ({Reason})")]
    private partial void CaughtUp(string queue, ResyncReason reason);
}
