using System.Buffers;

namespace PgListener.Subscriptions;

/// <summary>
/// The items of a queue in their order. A notification that is added or put back gets a place of its own, takes the place
/// of an older one, is dropped, or is discarded. Used under the lock of its queue, which decides when this happens and what is woken.
/// </summary>
/// <param name="subject">What its gaps are about: a channel, or nothing for all of them.</param>
/// <param name="room">Accounts for what is held.</param>
/// <param name="counters">The counters.</param>
/// <param name="context">What the queue shares with others.</param>
internal sealed class QueueContents(string subject, QueueRoom room, SubscriptionCounters counters, SubscriptionContext context)
{
    private readonly ItemRing _items = new(ArrayPool<QueueItem>.Shared);
    private readonly QueueGaps _gaps = new(subject, counters, context);

    /// <summary>In <see cref="FullQueueMode.KeepLatest"/> only.</summary>
    private LatestByChannel? _latest;

    public bool IsEmpty => _items.Count == 0;

    /// <summary>Whether a gap is the next to be taken.</summary>
    public bool IsGapNext => _items.Count > 0 && _items[0].Gap is not null;

    /// <inheritdoc cref="QueueGaps.IsDropping"/>
    public bool IsDropping => _gaps.IsDropping;

    /// <inheritdoc cref="QueueGaps.Last"/>
    public Resync? LastGap => _gaps.Last;

    /// <summary>Changes the mode.</summary>
    public void Change(FullQueueMode mode)
    {
        if (mode != FullQueueMode.KeepLatest)
            _latest = null;
        else
            _latest ??= new(_items);
    }

    /// <summary>Adds a notification at the end, puts it in the place of an older one, or drops it.</summary>
    /// <returns>Whether it was added.</returns>
    public bool Add(string channel, string payload, int processId, bool isPaused)
    {
        counters.Receive();
        var size = QueueItem.SizeOf(payload);
        if (_latest is not null && TryReplace(channel, payload, processId, size))
            return false;

        if (!_gaps.IsDropping && room.MustDrop(size, isPaused))
            BeginToDrop();
        if (_gaps.IsDropping)
        {
            _gaps.Drop();
            return false;
        }

        var sequence = _items.PushBack(channel, payload, processId);
        _latest?.Add(channel, sequence);
        _gaps.EndWithNotification();
        room.Add(size, isPaused);
        return true;
    }

    /// <summary>Adds a gap at the end, or merges it into the open one there.</summary>
    public void AddGap(ResyncReason reason, long? since) => Push(_gaps.Add(reason, since));

    /// <summary>From now on notifications are dropped, until the consumer has reached the gap that this adds.</summary>
    public void BeginToDrop()
    {
        room.GiveUpReading();
        Push(_gaps.BeginToDrop());
    }

    /// <summary>Takes the oldest items. A gap is taken alone, after all items before it, and no longer grows.</summary>
    public int Take(Span<QueueItem> items)
    {
        var taken = 0;
        while (taken < items.Length && _items.Count > 0)
        {
            var gap = _items[0].Gap;
            if (gap is not null && taken > 0)
                break;

            ref var item = ref items[taken++];
            _items.PopFront(out item);
            if (gap is not null)
            {
                _gaps.Reach(gap);
                break;
            }

            _latest?.Remove(item);
        }

        return taken;
    }

    /// <summary>Merges the gaps that follow with no notification in between into a gap that was taken.</summary>
    /// <returns>Whether there are any.</returns>
    public bool Absorb(Gap gap)
    {
        var hasNewer = false;
        while (_items.Count > 0 && _items[0].Gap is { } later && _gaps.TryAbsorb(gap, later))
        {
            _items.PopFront();
            hasNewer = true;
        }

        return hasNewer;
    }

    /// <summary>Puts a taken item back in its place, unless a newer notification has replaced it.</summary>
    public void PutBack(in QueueItem item)
    {
        if (item.Gap is not null || _latest is null || HasGapAfter(item))
        {
            _items.PutBack(item);
        }
        else if (_latest.TryFind(item.Channel, out _))
        {
            room.Remove(1, item.Size); // A newer one has arrived in the meantime.
            counters.Replace();
        }
        else
        {
            _items.PutBack(item);
            _latest.Add(item.Channel, item.Sequence);
        }
    }

    /// <summary>Counts an item that was taken as discarded, if it is a notification.</summary>
    /// <returns>Whether it is one.</returns>
    public bool Discard(in QueueItem item)
    {
        if (item.Gap is not null)
            return false;

        counters.Discard();
        room.Remove(1, item.Size);
        return true;
    }

    /// <summary>Discards everything.</summary>
    /// <returns>The number of notifications.</returns>
    public int Clear()
    {
        var notifications = 0;
        while (_items.Count > 0)
        {
            if (Discard(_items.PopFront()))
                notifications++;
        }

        _gaps.Clear();
        _latest?.Clear();
        return notifications;
    }

    private bool TryReplace(string channel, string payload, int processId, long size)
    {
        if (!_latest!.TryFind(channel, out var sequence) || _items.IndexOf(sequence) is not (>= 0 and var index))
            return false;

        ref var item = ref _items[index];
        room.Replace(item.Size, by: size);
        item = new QueueItem(channel, payload, processId) { Sequence = sequence };
        counters.Replace();
        return true;
    }

    private void Push(Gap? gap)
    {
        if (gap is null)
            return;

        _items.PushBack(subject, gap, processId: 0);
        _latest?.Clear();
    }

    private bool HasGapAfter(in QueueItem item)
    {
        for (var i = 0; i < _items.Count; i++)
        {
            if (_items[i].Gap is not null && _items[i].Sequence - item.Sequence > 0)
                return true;
        }

        return false;
    }
}
