using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>
/// Tells the other instances what to remove. One task, which runs while something waits, sends all that has gathered since the last notification. It belongs to no
/// transaction of a caller. What could not be sent is sent again until that succeeds.
/// </summary>
internal sealed class InvalidationSender(string from, string channel, INotificationPublisher publisher, HybridCacheCoherenceOptions options, CoherenceMetrics metrics, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly Lock _sync = new();
    private readonly PendingInvalidations _pending = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource _attempt = NewAttempt();
    private Task _sending = Task.CompletedTask;
    private bool _isSending;
    private bool _isStopped;
    private volatile bool _hasWaitedInVain;
    private int _failures;
    private long? _sentAt;

    /// <summary>Sends.</summary>
    /// <param name="add">Adds what is to be sent, under the lock.</param>
    /// <returns>
    /// A task that completes when the others have been told, or an attempt has failed; at once while attempts fail, and after the end. It never fails: what the caller has
    /// changed is changed, and the invalidation will be sent without it, or its loss is logged.
    /// </returns>
    public Task SendAsync(Action<PendingInvalidations> add)
    {
        lock (_sync)
        {
            add(_pending);
            if (_isStopped)
            {
                GiveUp();
                return Task.CompletedTask;
            }

            if (!_isSending)
            {
                _isSending = true;
                _sending = DetachedTask.Run(SendAllAsync);
            }

            return _failures > 0 ? Task.CompletedTask : _attempt.Task;
        }
    }

    /// <summary>Waits until all is sent, for a limited time.</summary>
    /// <returns>Whether it is.</returns>
    public async Task<bool> FlushAsync(CancellationToken cancellationToken)
    {
        Task sending;
        lock (_sync)
            sending = _sending;
        await sending.WaitAsync(options.StopTimeout, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _hasWaitedInVain = !sending.IsCompleted;
        return sending.IsCompleted;
    }

    /// <summary>Gives up what could not be sent. It waits once more only for what came after the host had waited.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_hasWaitedInVain)
            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
        lock (_sync)
            _isStopped = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_sync)
        {
            GiveUp();
            EndAttempt();
        }

        _stop.Dispose();
    }

    private void GiveUp()
    {
        if (!_pending.IsEmpty)
            logger.InvalidationsGivenUp(channel, _pending.Take(from).Count);
    }

    /// <summary>Ends the wait of those who have come since the last attempt began.</summary>
    private void EndAttempt()
    {
        _attempt.SetResult();
        _attempt = NewAttempt();
    }

    private async Task SendAllAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await WaitAsync().ConfigureAwait(false);
            InvalidationMessage message;
            TaskCompletionSource attempt;
            lock (_sync)
            {
                if (_pending.IsEmpty)
                {
                    _isSending = false;
                    return;
                }

                message = _pending.Take(from);
                (attempt, _attempt) = (_attempt, NewAttempt());
            }

            await SendAsync(message).ConfigureAwait(false);
            attempt.SetResult();
        }
    }

    /// <summary>Waits for others after a notification, and for the server after a failure.</summary>
    private async Task WaitAsync()
    {
        var wait = _failures > 0
            ? Backoff.Next(_failures, FirstWait, LongestWait, Random.Shared.NextDouble())
            : _sentAt is { } sent ? options.CoalesceWindow - time.GetElapsedTime(sent) : TimeSpan.Zero;
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SendAsync(InvalidationMessage message)
    {
        try
        {
            await publisher.PublishManyAsync(channel, message.Write(), _stop.Token).ConfigureAwait(false);
            _sentAt = time.GetTimestamp();
            metrics.Send(message.Count);
            if (_failures > 0)
                logger.InvalidationsSentAtLast(channel, _failures);
            lock (_sync)
                _failures = 0;
        }
        catch (Exception e)
        {
            // Whatever the reason, the others have not been told.
            if (_failures == 0)
                logger.InvalidationsNotSent(e, channel, message.Count, e.Message.ReplaceLineEndings(" "));
            lock (_sync)
            {
                _failures++;
                _pending.Add(message);
                EndAttempt();
            }
        }
    }

    private static TaskCompletionSource NewAttempt() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
