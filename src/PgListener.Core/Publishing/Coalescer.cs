using Microsoft.Extensions.Logging;
using PgListener.Telemetry;

namespace PgListener.Publishing;

/// <summary>
/// Lets publishes share transactions. One task, which runs while something waits, sends them in the order of the calls;
/// only that task uses the sender. All others only edit the list of waiting publishes. Before the next transaction, the callers of the last one can publish
/// again. Identical ones never share a transaction, but share the round trip, so each delays the rest by a commit, and not by a round trip.
/// </summary>
internal sealed class Coalescer(INotificationSender sender, TimeSpan window, NotificationPublisherOptions options, TimeProvider time, ReturningCallers returning, ILogger logger)
    : IAsyncDisposable
{
    private readonly BatchSender _sender = new(sender, logger);
    private readonly Lock _sync = new();
    private readonly LinkedList<PendingPublish> _waiting = new();
    private readonly CancellationTokenSource _abort = new();
    private List<List<PendingPublish>> _underWay = [];
    private Task _flushing = Task.CompletedTask;
    private TaskCompletionSource? _endOfWindow;
    private int _notificationsWaiting;
    private bool _isFlushing;
    private bool _isStopping;

    /// <summary>Completes after the commit that includes all of these.</summary>
    /// <param name="notifications">At least one.</param>
    /// <param name="cancellationToken">Removes them if their transaction has not begun. The wait ends in either case.</param>
    public async Task PublishAsync(Outgoing[] notifications, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = new PendingPublish(notifications, time.GetTimestamp(), returning);
        var place = Add(pending);
        try
        {
            using (cancellationToken.UnsafeRegister((_, token) => Cancel(place, token), state: null))
                await pending.Done.ConfigureAwait(false);
        }
        finally
        {
            pending.Continued();
        }
    }

    /// <summary>Accepts no more, and sends what waits within <see cref="NotificationPublisherOptions.StopTimeout"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        Task flushing;
        lock (_sync)
        {
            _isStopping = true;
            _endOfWindow?.TrySetResult();
            flushing = _flushing;
        }

        try
        {
            await flushing.WaitAsync(options.StopTimeout, time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            await GiveUpAsync(e).ConfigureAwait(false);
        }
    }

    private LinkedListNode<PendingPublish> Add(PendingPublish pending)
    {
        lock (_sync)
        {
            if (_isStopping)
                throw Disposed();
            if (_waiting.Count >= options.MaxWaiting)
            {
                throw new InvalidOperationException(
                    $"{options.MaxWaiting} publishes wait for the server already, as many as {nameof(NotificationPublisherOptions.MaxWaiting)} allows. It cannot keep up, or cannot be reached.");
            }

            var place = _waiting.AddLast(pending);
            _notificationsWaiting += pending.Notifications.Length;
            if (_notificationsWaiting >= options.MaxCoalesced)
                _endOfWindow?.TrySetResult();
            if (!_isFlushing)
            {
                _isFlushing = true;
                _flushing = DetachedTask.Run(FlushAsync);
            }

            return place;
        }
    }

    private void Cancel(LinkedListNode<PendingPublish> place, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            if (place.List is not null)
                Remove(place);
        }

        place.Value.Cancel(cancellationToken);
    }

    private void Remove(LinkedListNode<PendingPublish> place)
    {
        _waiting.Remove(place);
        _notificationsWaiting -= place.Value.Notifications.Length;
    }

    private async Task FlushAsync()
    {
        while (true)
        {
            await WaitForOthersAsync().ConfigureAwait(false);
            if (!TakeTransactions(out var transactions))
                return;

            await _sender.SendAsync(transactions, _abort.Token).ConfigureAwait(false);
            await returning.WhenContinuedAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the window of the oldest is over, or enough publishes wait.</summary>
    private async Task WaitForOthersAsync()
    {
        TimeSpan left;
        Task end;
        lock (_sync)
        {
            _endOfWindow = null;
            if (_waiting.First is not { } oldest || _isStopping || _notificationsWaiting >= options.MaxCoalesced)
                return;

            left = window - time.GetElapsedTime(oldest.Value.Since);
            if (left <= TimeSpan.Zero)
                return;

            _endOfWindow = new(TaskCreationOptions.RunContinuationsAsynchronously);
            end = _endOfWindow.Task;
        }

        await end.WaitAsync(left, time, _abort.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Takes what is sent next, and divides it into transactions. If nothing waits, the task ends.</summary>
    private bool TakeTransactions(out List<List<PendingPublish>> transactions)
    {
        transactions = [];
        lock (_sync)
        {
            var (count, distinct) = (0, new HashSet<Outgoing>());
            while (_waiting.First is { } next && (count == 0 || count + next.Value.Notifications.Length <= options.MaxCoalesced))
            {
                Remove(next);
                count += next.Value.Notifications.Length;

                // PostgreSQL merges identical notifications of a transaction. An identical one of another caller takes the next transaction, and so do the later ones.
                if (transactions.Count == 0 || distinct.Overlaps(next.Value.Notifications))
                {
                    transactions.Add([]);
                    distinct.Clear();
                }

                transactions[^1].Add(next.Value);
                distinct.UnionWith(next.Value.Notifications);
            }

            _underWay = transactions;
            return _isFlushing = transactions.Count > 0;
        }
    }

    private async Task GiveUpAsync(TimeoutException cause)
    {
        PendingPublish[] left;
        lock (_sync)
        {
            _flushing = Task.CompletedTask;
            left = [.. _underWay.SelectMany(static transaction => transaction).Concat(_waiting).Where(static pending => !pending.Done.IsCompleted)];
            _waiting.Clear();
            _notificationsWaiting = 0;
        }

        logger.GivenUpAtStop(left.Length, options.StopTimeout);
        foreach (var pending in left)
            pending.Fail(new ObjectDisposedException(
                $"The publisher was disposed of, and its commit was not confirmed within {nameof(NotificationPublisherOptions.StopTimeout)} ({options.StopTimeout}). It is unknown whether it was committed.", cause));
        await _abort.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Names the public type, which is what the caller has disposed of.</summary>
    private static ObjectDisposedException Disposed() => new("PgListener.NotificationPublisher");
}
