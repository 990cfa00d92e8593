using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PgListener.Diagnostics;
using PgListener.Dispatch;

namespace PgListener.Session;

/// <summary>The time between a start and the stop that follows: its tokens, its loop, and how it ends.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The token sources hold nothing to release, and a callback that was left behind may still use a token.")]
internal sealed class ListenerRun
{
    /// <summary>How long callbacks may take to notice that their tokens were cancelled.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly CancellationTokenSource _hurry = new();

    /// <summary>Ends the loop and its session.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Cancels callbacks.</summary>
    public CancellationToken Abort => _abort.Token;

    public Task Loop { get; set; } = Task.CompletedTask;

    /// <summary>The end, once somebody has asked for it.</summary>
    public Task? Ended { get; set; }

    public bool IsStopping => Ended is not null;

    /// <summary>Cuts the waiting at the end short.</summary>
    public void Hurry() => _hurry.Cancel();

    /// <summary>Ends the intake, waits for what is queued and running, cancels what is left, and returns in any case.</summary>
    public async Task StopAsync(
        ChannelTable channels, SessionInbox inbox, bool isDispatching, TimeSpan drainTimeout, TimeProvider time, ILogger logger)
    {
        using var drain = new CancellationTokenSource(drainTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(drain.Token, _hurry.Token);

        await _stopping.CancelAsync().ConfigureAwait(false);
        await EndsWithinAsync(Loop, limit.Token).ConfigureAwait(false);
        channels.Abandon();
        inbox.Abandon();

        var subscriptions = channels.All;
        foreach (var subscription in subscriptions)
        {
            subscription.Queue.Complete(discard: subscription.Pump is not null && !isDispatching);
            if (subscription.Pump is null)
                _ = channels.Remove(subscription);
        }

        Task[] pumps = [.. subscriptions.Select(subscription => subscription.Pump?.WhenEndedAsync() ?? Task.CompletedTask)];
        var drained = await EndsWithinAsync(Task.WhenAll(pumps), limit.Token).ConfigureAwait(false);

        // What a callback has registered on its token may throw; it is not to keep the others from being cancelled.
        await _abort.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (drained)
            return;

        using var grace = new CancellationTokenSource(Grace, time);
        if (!await EndsWithinAsync(Task.WhenAll(pumps), grace.Token).ConfigureAwait(false))
            logger.LeftBehind(pumps.Count(pump => !pump.IsCompleted));
    }

    /// <summary>Waits for a task, not for its success: how it ended was reported where it happened.</summary>
    private static async Task<bool> EndsWithinAsync(Task task, CancellationToken limit)
    {
        await task.WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }
}
