namespace PgListener.Subscriptions;

/// <summary>
/// A stretch of missing notifications, standing in the queue where they would have stood. Moments are timestamps, and the beginning is
/// told as a distance from the end, so that a clock that is set back does not turn them around.
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

    /// <summary>Takes in a further gap that follows with no notification between.</summary>
    public void Extend(ResyncReason reason, long? since)
    {
        _reason = reason;
        KeepOldest(since);
        Close();
    }

    /// <summary>Takes in the gap that follows, with no notification between.</summary>
    public void Absorb(Gap later)
    {
        _reason = later._reason;
        KeepOldest(later._since);
        (_until, _untilUtc) = (later._until, later._untilUtc);
        Dropped += later.Dropped;
    }

    /// <summary>Notifications flow again.</summary>
    public void Close() => (_until, _untilUtc) = (time.GetTimestamp(), time.GetUtcNow());

    public Resync ToResync()
    {
        DateTimeOffset? begin = null;
        if (_since is { } proven)
            begin = _untilUtc - TimeSpan.FromTicks(Math.Max(0, time.GetElapsedTime(proven, _until).Ticks));
        return new(channel, _reason, begin, _untilUtc, Dropped);
    }

    /// <summary>Nothing known is older than any moment.</summary>
    private void KeepOldest(long? since)
    {
        if (since is null || _since > since)
            _since = since;
    }
}
