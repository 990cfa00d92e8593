namespace PgListener.Subscriptions;

/// <summary>
/// The gaps in a queue, of which the last may be open, that is still growing: while no notification follows it, or while
/// notifications are dropped. Used under the lock of its queue.
/// </summary>
internal sealed class QueueGaps(string subject, SubscriptionCounters counters, SubscriptionContext context)
{
    private Gap? _open;
    private Gap? _last;

    /// <summary>Whether whatever comes is dropped, until the consumer has come to the open gap.</summary>
    public bool IsDropping { get; private set; }

    /// <summary>The latest one, as far as it has grown; the start is none.</summary>
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
    /// <returns>The gap to be put at the end of the queue; nothing if the one that stands there has taken it in.</returns>
    public Gap? Add(ResyncReason reason, long? since)
    {
        if (_open is { } open)
        {
            open.Extend(reason, since);
            return null;
        }

        counters.Announce(reason);
        _open = new(subject, reason, since, context.Time);
        if (reason != ResyncReason.Started)
            _last = _open;
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

    /// <summary>A notification follows: the gap no longer grows.</summary>
    public void EndWithNotification() => _open = null;

    /// <summary>The consumer has come to a gap: it no longer grows, and there is room again for what follows it.</summary>
    public void Reach(Gap gap)
    {
        if (gap != _open)
            return;

        if (IsDropping)
            gap.Close();
        Clear();
    }

    /// <summary>Lets a gap that was taken speak for the one that follows it too, unless notifications are still being dropped there.</summary>
    public bool TryAbsorb(Gap earlier, Gap later)
    {
        if (later == _open && IsDropping)
            return false;

        earlier.Absorb(later);
        if (later == _open)
            _open = null;
        return true;
    }

    public void Clear()
    {
        _open = null;
        IsDropping = false;
    }
}
