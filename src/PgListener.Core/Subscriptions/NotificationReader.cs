using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Reads one subscription's queue, one item at a time, at the pace of its caller.</summary>
/// <param name="queue">The queue.</param>
/// <param name="onResync">Called for gaps. Its exceptions are thrown to the reader.</param>
/// <param name="readsGaps">Whether a gap is an item of its own: see <see cref="CurrentItem"/>.</param>
/// <param name="end">Removes the subscription.</param>
/// <param name="options">Determine whether payloads may contain the trace context of their sender.</param>
/// <param name="cancellationToken">Ends the reading.</param>
internal sealed class NotificationReader(SubscriptionQueue queue, ResyncCallback? onResync, bool readsGaps, Action end, OptionsInForce options, CancellationToken cancellationToken)
    : IAsyncEnumerator<Notification>, IAsyncEnumerator<StreamItem>
{
    private readonly QueueItem[] _items = new QueueItem[16];
    private readonly CancellationTokenRegistration _registration =
        cancellationToken.UnsafeRegister(static (queue, cancelled) => ((SubscriptionQueue)queue!).CancelWait(cancelled), queue);

    private int _taken;
    private int _next;
    private Action? _end = end;
    private Resync? _gap;

    public Notification Current { get; private set; }

    /// <summary>The notification, or the gap if gaps are items.</summary>
    public StreamItem CurrentItem => _gap is { } gap ? new(gap) : new(Current);

    StreamItem IAsyncEnumerator<StreamItem>.Current => CurrentItem;

    public ValueTask<bool> MoveNextAsync()
    {
        if (_next < _taken && !cancellationToken.IsCancellationRequested && _items[_next].Gap is null)
        {
            Advance();
            return new(true);
        }

        return MoveNextSlowAsync();
    }

    public ValueTask DisposeAsync()
    {
        _registration.Dispose();
        if (Interlocked.Exchange(ref _end, null) is { } end)
        {
            GiveBack();
            end();
        }

        return ValueTask.CompletedTask;
    }

    private async ValueTask<bool> MoveNextSlowAsync()
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (; _next < _taken; _next++)
            {
                if (_items[_next].Gap is not { } gap)
                {
                    Advance();
                    return true;
                }

                var resync = gap.ToResync();
                if (onResync is not null)
                    await onResync(resync, cancellationToken).ConfigureAwait(false);
                if (!readsGaps)
                    continue;

                _next++;
                _gap = resync;
                return true;
            }

            GiveBack();
            if (!await queue.WaitToReadAsync().ConfigureAwait(false))
                return false;

            _taken = queue.Take(_items);
        }
    }

    private void Advance()
    {
        _gap = null;
        Current = _items[_next++].ToNotification();
        if (options.Current.PropagateTraceContext)
            Current = Current with { Payload = TraceContext.Extract(Current.Payload, out _) };
    }

    /// <summary>Releases the room of what was read, and puts back the rest.</summary>
    private void GiveBack()
    {
        var notifications = 0;
        var bytes = 0L;
        foreach (ref readonly var item in _items.AsSpan(0, _next))
        {
            if (item.Gap is not null)
                continue;

            notifications++;
            bytes += item.Size;
        }

        queue.Release(notifications, bytes);
        if (_next < _taken)
            queue.PutBack(_items.AsSpan(_next, _taken - _next));
        Array.Clear(_items, 0, _taken);
        _taken = _next = 0;
    }
}
