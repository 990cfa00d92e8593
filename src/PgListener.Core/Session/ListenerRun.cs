using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PgListener.Routing;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>One run of a listener, from a start to the stop that follows: its tokens, its loop, and its end.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The token sources hold nothing to release, and a callback that was left behind may still use a token.")]
internal sealed class ListenerRun
{
    /// <summary>How long callbacks may take to notice that their tokens were cancelled.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>The same if the caller that stops the listener does not want to wait any longer.</summary>
    private static readonly TimeSpan HurriedGrace = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly CancellationTokenSource _hurry = new();

    /// <summary>Ends the loop and its session.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Cancels callbacks.</summary>
    public CancellationToken Abort => _abort.Token;

    /// <summary>Its number: see <see cref="CurrentSession"/>.</summary>
    public long Number { get; set; }

    public Task Loop { get; set; } = Task.CompletedTask;

    /// <summary>The stop, once it was requested.</summary>
    public Task? Ended { get; set; }

    public bool IsStopping => Ended is not null;

    /// <summary>Cuts the waiting of the stop short.</summary>
    public void Hurry() => _hurry.Cancel();

    /// <summary>Accepts nothing more, waits for what is queued and running, cancels what is left, and always returns.</summary>
    public async Task StopAsync(ChannelTable channels, bool isDispatching, TimeSpan drainTimeout, TimeProvider time, ILogger logger)
    {
        using var drain = new CancellationTokenSource(drainTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(drain.Token, _hurry.Token);

        // Cancelling runs the callbacks that others, such as Npgsql, have registered on the token. They may take long, or throw.
        await EndsWithinAsync(_stopping.CancelAsync(), limit.Token).ConfigureAwait(false);
        await EndsWithinAsync(Loop, limit.Token).ConfigureAwait(false);

        var ends = new List<(string Name, Task End)>();
        foreach (var subscription in channels.All)
        {
            ends.Add((subscription.Key.Name, subscription.EndAsync(discard: !subscription.IsReader && !isDispatching)));
            if (subscription.IsReader)
                _ = channels.Remove(subscription);
        }

        var ended = Task.WhenAll(ends.Select(end => end.End));
        var drained = await EndsWithinAsync(ended, limit.Token).ConfigureAwait(false);
        // By the system's clock, because a stop has to end even if the application's clock stands still, as in tests.
        using var grace = new CancellationTokenSource(_hurry.IsCancellationRequested ? HurriedGrace : Grace);
        await EndsWithinAsync(_abort.CancelAsync(), grace.Token).ConfigureAwait(false);
        if (!drained && !await EndsWithinAsync(ended, grace.Token).ConfigureAwait(false))
            logger.LeftBehind(string.Join(", ", ends.Where(end => !end.End.IsCompleted).Select(end => end.Name).Distinct(StringComparer.Ordinal)));
    }

    /// <summary>Waits for a task to end, successfully or not. A failure is reported where it happens.</summary>
    private static async Task<bool> EndsWithinAsync(Task task, CancellationToken limit)
    {
        await task.WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }
}
