using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PgListener.Durable.Membership;
using PgListener.Durable.Telemetry;
using PgListener.Publishing;
using PgListener.Telemetry;

namespace PgListener.Durable.Publishing;

/// <summary>
/// Has readers look at the log. Nothing depends on it, because they look from time to time anyway: so it neither delays a publish nor makes it fail. A notification
/// in each transaction would cost the writers most of their speed, since the server lets only one transaction that notifies commit at a time.
/// </summary>
internal sealed class WakeUpSender(PublisherConnections connections, IWakeUps local, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>After commits that are known of: at most one statement in this time.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>In transactions of callers: at most one notification of a channel in this time.</summary>
    internal static readonly TimeSpan IntervalInTransactions = TimeSpan.FromMilliseconds(10);

    /// <summary>After this time, the readers have looked by themselves.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, long> _notifiedInTransaction = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, LogThrottle> _failures = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _sync = new();
    private HashSet<string> _waiting = new(StringComparer.Ordinal);
    private Task _sending = Task.CompletedTask;
    private bool _isSending;
    private bool _isStopping;

    /// <summary>Tells of a commit: this process at once, the others in the background.</summary>
    /// <param name="channel">The channel's name in the log.</param>
    public void Committed(string channel)
    {
        local.Wake(channel);
        lock (_sync)
        {
            if (_isStopping)
                return;

            _waiting.Add(channel);
            if (_isSending)
                return;

            _isSending = true;
            _sending = DetachedTask.Run(SendAsync);
        }
    }

    /// <summary>Whether the next transaction of a caller's is to notify, because none has for some time.</summary>
    /// <param name="channel">The channel's name in the log.</param>
    public bool IsDueInTransaction(string channel)
    {
        var now = time.GetTimestamp();
        while (!_notifiedInTransaction.TryAdd(channel, now))
        {
            var last = _notifiedInTransaction[channel];
            if (time.GetElapsedTime(last, now) < IntervalInTransactions)
                return false;
            if (_notifiedInTransaction.TryUpdate(channel, now, last))
                return true;
        }

        return true;
    }

    /// <summary>Sends what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        Task sending;
        lock (_sync)
        {
            _isStopping = true;
            sending = _sending;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        foreach (var failure in _failures.Values)
            failure.Dispose();
    }

    private async Task SendAsync()
    {
        while (TakeWaiting() is { Count: > 0 } channels)
        {
            await NotifyAsync(channels).ConfigureAwait(false);
            await Task.Delay(Interval, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes the channels that wait. If there are none, the task ends.</summary>
    private HashSet<string> TakeWaiting()
    {
        lock (_sync)
        {
            var taken = _waiting;
            if (taken.Count > 0)
                _waiting = new(StringComparer.Ordinal);
            else
                _isSending = false;
            return taken;
        }
    }

    private async Task NotifyAsync(HashSet<string> channels)
    {
        using var limit = new CancellationTokenSource(Timeout, time);
        try
        {
            await connections.SendAsync((connection, token) => WakeUpCommand.ExecuteAsync(connection, channels, token), channels.Count, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Report(e, channels);
        }
    }

    private void Report(Exception error, HashSet<string> channels)
    {
        var kind = ErrorType.Of(error);
        var failure = _failures.GetOrAdd(kind, static (kind, self) => new(self.Time, count => self.Logger.WakeUpsFailedAgain(count, kind)), (Time: time, Logger: logger));
        if (failure.IsNew())
            logger.WakeUpFailed(error, ChannelName.Show(channels.First()), channels.Count);
    }
}
