namespace PgListener.Telemetry;

/// <summary>
/// Keeps a log readable when the same thing happens again and again: the first is said in full, and then at most one line in an
/// interval says how many more there were. After an hour the next is said in full again.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="report">Says how many more there were since the last line. Called on a thread of the clock's, or of <see cref="Dispose"/>.</param>
internal sealed class LogThrottle(TimeProvider time, Action<long> report) : IDisposable
{
    /// <summary>How often a line says how many more there were.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FullAgainAfter = TimeSpan.FromHours(1);

    private readonly Lock _sync = new();
    private ITimer? _timer;
    private long? _saidInFull;
    private long _more;
    private bool _disposed;

    /// <summary>It has happened.</summary>
    /// <returns>Whether it is to be said in full. Otherwise it has been counted.</returns>
    public bool IsNew()
    {
        lock (_sync)
        {
            if (_saidInFull is not { } said || (_more == 0 && time.GetElapsedTime(said) >= FullAgainAfter))
            {
                _saidInFull = time.GetTimestamp();
                return true;
            }

            _more++;
            if (!_disposed)
                _timer ??= time.CreateTimer(static self => ((LogThrottle)self!).Report(), this, Interval, Timeout.InfiniteTimeSpan);
            return false;
        }
    }

    /// <summary>Says what has been counted and not been said.</summary>
    public void Dispose()
    {
        lock (_sync)
            _disposed = true;
        Report();
    }

    private void Report()
    {
        long more;
        lock (_sync)
        {
            more = _more;
            _more = 0;
            _timer?.Dispose();
            _timer = null;
        }

        if (more > 0)
            report(more);
    }
}
