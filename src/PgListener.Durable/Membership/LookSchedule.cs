namespace PgListener.Durable.Membership;

/// <summary>When to look: soon after something has happened, then less and less often.</summary>
/// <remarks>
/// The wake-up may be sent before the transaction that it tells of is committed, so there are looks 10 and 50 ms after it too. Then the time between two doubles up to the poll interval.
/// </remarks>
internal sealed class LookSchedule(TimeSpan pollInterval, TimeProvider time)
{
    public static readonly TimeSpan Second = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Third = TimeSpan.FromMilliseconds(40);

    /// <summary>Two looks are at least this far apart, however often something happens.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(2);

    private TimeSpan _gap;
    private long? _last;

    /// <summary>How long until the next look is due.</summary>
    public TimeSpan Left => _last is { } last && (_gap > Least ? _gap : Least) - time.GetElapsedTime(last) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Looks at once.</summary>
    public void Hurry() => _gap = TimeSpan.Zero;

    /// <summary>Looks within a time, for a reason of its own.</summary>
    public void NoLaterThan(TimeSpan gap) => _gap = gap < _gap ? gap : _gap;

    /// <summary>A look begins.</summary>
    public void Begin()
    {
        _last = time.GetTimestamp();
        var next = _gap < Second ? Second : _gap < Third ? Third : _gap * 2;
        _gap = next < pollInterval ? next : pollInterval;
    }
}
