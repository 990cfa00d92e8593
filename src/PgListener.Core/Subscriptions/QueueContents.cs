namespace PgListener.Subscriptions;

/// <summary>
/// What stands in a queue, in which order, and what becomes of a notification that comes or comes back: it has a place of its own, takes
/// that of an older one, is dropped, or is discarded. Used under the lock of its queue, which decides when that happens and who is woken.
/// </summary>
/// <param name="subject">What its gaps are about: a channel, or nothing for all of them.</param>
/// <param name="room">Where to account for what is held.</param>
/// <param name="counters">Where to count.</param>
/// <param name="context">What the queue shares with others.</param>
internal sealed class QueueContents(string subject, QueueRoom room, SubscriptionCounters counters, SubscriptionContext context)
{
    private readonly ItemRing _items = new();
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

    /// <summary>Holds to another mode from now on.</summary>
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

    /// <summary>Adds a gap at the end, or to the one that is growing there.</summary>
    public void AddGap(ResyncReason reason, long? since) => Push(_gaps.Add(reason, since));

    /// <summary>From now on notifications are dropped, until the consumer has come to the gap that this adds.</summary>
    public void BeginToDrop()
    {
        room.GiveUpReading();
        Push(_gaps.BeginToDrop());
    }

    /// <summary>Takes the oldest items. A gap is taken alone, once all before it has been, and no longer grows.</summary>
    public int Take(Span<QueueItem> items)
    {
        var taken = 0;
        while (taken < items.Length && _items.Count > 0)
        {
            var gap = _items[0].Gap;
            if (gap is not null && taken > 0)
                break;

            ref var item = ref items[taken++];
            item = _items.PopFront();
            if (gap is not null)
            {
                _gaps.Reach(gap);
                break;
            }

            _latest?.Remove(item);
        }

        return taken;
    }

    /// <summary>Lets a gap that was taken speak for those too that follow it with no notification between.</summary>
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

    /// <summary>Gives an item that was taken its place again, unless a newer notification has come for it.</summary>
    public void PutBack(in QueueItem item)
    {
        if (item.Gap is not null || _latest is null || HasGapAfter(item))
        {
            _items.PutBack(item);
        }
        else if (_latest.TryFind(item.Channel, out _))
        {
            room.Remove(1, item.Size); // A newer one came meanwhile.
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

    /// <summary>Discards all there is.</summary>
    /// <returns>How many notifications that were.</returns>
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
