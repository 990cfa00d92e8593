namespace PgListener.Telemetry;

/// <summary>
/// Keeps a log readable when the same thing happens again and again. The first one is logged in full, and after that at most one line in an
/// interval has the number of further ones. After an hour the next one is logged in full again.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="report">Logs how many there were since the last line. Called on a thread of the clock, or of <see cref="Dispose"/>.</param>
internal sealed class LogThrottle(TimeProvider time, Action<long> report) : IDisposable
{
    /// <summary>The interval of the lines with a count.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FullAgainAfter = TimeSpan.FromHours(1);

    private readonly Lock _sync = new();
    private ITimer? _timer;
    private long? _saidInFull;
    private long _more;
    private bool _disposed;

    /// <summary>Records one occurrence.</summary>
    /// <returns>Whether to log it in full. Otherwise it was counted.</returns>
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

    /// <summary>Logs the count that was not logged yet.</summary>
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
