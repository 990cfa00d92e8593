namespace PgListener.Configuration;

/// <summary>
/// How long to wait before the next reading. All instances hear of a change at the same moment, so each draws a time of its own. After a reading there is a pause, so that changes
/// that do not end do not become a load for the server.
/// </summary>
internal sealed class ReadingPace(TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);

    private long _began;
    private long? _ended;
    private TimeSpan _pause;

    /// <summary>The time from now: at least <paramref name="delay"/> and what is left of the pause, at most twice that.</summary>
    /// <param name="delay">The shortest time.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive).</param>
    public TimeSpan Next(TimeSpan delay, double random)
    {
        var left = _ended is { } ended ? _pause - time.GetElapsedTime(ended) : TimeSpan.Zero;
        return (left > delay ? left : delay) * (1 + random);
    }

    public void Begin() => _began = time.GetTimestamp();

    /// <summary>Begins the pause, which is as long as the reading was.</summary>
    public void End()
    {
        _ended = time.GetTimestamp();
        var took = time.GetElapsedTime(_began, _ended.Value);
        _pause = took > ShortestPause ? took : ShortestPause;
    }
}
