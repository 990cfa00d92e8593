namespace PgListener.Subscriptions;

/// <summary>
/// A gap, in the queue's place of the missing notifications. Moments are timestamps, and the beginning is
/// given as a distance from the end, so that setting the clock back does not reverse them.
/// </summary>
/// <param name="channel">The channel; empty for all.</param>
/// <param name="reason">Why they are missing.</param>
/// <param name="since">The timestamp of the last moment that is proven; <see langword="null"/> if nothing is known.</param>
/// <param name="time">The clock.</param>
internal sealed class Gap(string channel, ResyncReason reason, long? since, TimeProvider time)
{
    private ResyncReason _reason = reason;
    private long? _since = since;
    private long _until = time.GetTimestamp();
    private DateTimeOffset _untilUtc = time.GetUtcNow();

    public long Dropped { get; set; }

    /// <summary>Merges a further gap that follows with no notification in between.</summary>
    public void Extend(ResyncReason reason, long? since)
    {
        TakeReason(reason);
        KeepOldest(since);
        Close();
    }

    /// <summary>Merges the gap that follows, with no notification in between.</summary>
    public void Absorb(Gap later)
    {
        TakeReason(later._reason);
        KeepOldest(later._since);
        (_until, _untilUtc) = (later._until, later._untilUtc);
        Dropped += later.Dropped;
    }

    /// <summary>Notifications arrive again.</summary>
    public void Close() => (_until, _untilUtc) = (time.GetTimestamp(), time.GetUtcNow());

    public Resync ToResync()
    {
        DateTimeOffset? begin = null;
        if (_since is { } proven)
            begin = _untilUtc - TimeSpan.FromTicks(Math.Max(0, time.GetElapsedTime(proven, _until).Ticks));
        return new(channel, _reason, begin, _untilUtc, Dropped);
    }

    /// <summary>The latest counts, but that anything may have changed does not hide that something was missed.</summary>
    private void TakeReason(ResyncReason reason)
    {
        if (reason != ResyncReason.Everything)
            _reason = reason;
    }

    /// <summary>An unknown moment counts as older than any other.</summary>
    private void KeepOldest(long? since)
    {
        if (since is null || _since > since)
            _since = since;
    }
}
