namespace PgListener.Subscriptions;

/// <summary>
/// The gaps in a queue. The last one is open, and grows, while no notification follows it or while
/// notifications are dropped. Used under the lock of its queue.
/// </summary>
internal sealed class QueueGaps(string subject, SubscriptionCounters counters, SubscriptionContext context)
{
    private Gap? _open;
    private Gap? _last;

    /// <summary>Whether notifications are dropped, until the consumer has reached the open gap.</summary>
    public bool IsDropping { get; private set; }

    /// <summary>The latest one, as far as it has grown, in which something was missed: neither the start nor <see cref="ResyncReason.Everything"/>.</summary>
    public Resync? Last
    {
        get
        {
            if (IsDropping)
                _open!.Close();
            return _last?.ToResync();
        }
    }

    /// <summary>Adds a gap to what is open.</summary>
    /// <returns>The gap to put at the end of the queue; <see langword="null"/> if it was merged into the one there.</returns>
    public Gap? Add(ResyncReason reason, long? since)
    {
        if (_open is { } open)
        {
            open.Extend(reason, since);
            if (_last != open)
                Note(open, reason); // So far it was a start.
            return null;
        }

        _open = new(subject, reason, since, context.Time);
        Note(_open, reason);
        return _open;
    }

    /// <summary>From now on notifications are dropped.</summary>
    /// <returns>As <see cref="Add"/>.</returns>
    public Gap? BeginToDrop()
    {
        IsDropping = true;
        return Add(ResyncReason.Overflow, context.LastGood.Timestamp);
    }

    public void Drop()
    {
        _open!.Dropped++;
        counters.Drop();
    }

    /// <summary>A notification follows, so the gap no longer grows.</summary>
    public void EndWithNotification() => _open = null;

    /// <summary>The consumer has reached a gap, which no longer grows. There is room again for what follows it.</summary>
    public void Reach(Gap gap)
    {
        if (gap != _open)
            return;

        if (IsDropping)
            gap.Close();
        Clear();
    }

    /// <summary>Merges the gap that follows into a gap that was taken, unless notifications are still being dropped.</summary>
    public bool TryAbsorb(Gap earlier, Gap later)
    {
        if (later == _open && IsDropping)
            return false;

        earlier.Absorb(later);
        if (later == _last)
            _last = earlier;
        if (later == _open)
            _open = null;
        return true;
    }

    public void Clear()
    {
        _open = null;
        IsDropping = false;
    }

    private void Note(Gap gap, ResyncReason reason)
    {
        counters.Announce(reason);
        if (ResyncReasons.IsLoss(reason))
            _last = gap;
    }
}
