using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>Whether invalidations of other instances arrive.</summary>
/// <param name="listener">The listener.</param>
/// <param name="maxOutage">How long the local level is used while they do not.</param>
/// <param name="cache">The cache's name, for the log.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs that the local level is no longer used.</param>
internal sealed class Hearing(IPgListener listener, TimeSpan maxOutage, string cache, TimeProvider time, ILogger logger)
{
    private readonly DateTimeOffset _created = time.GetUtcNow();
    private volatile bool _hasHeard;
    private int _isTooLong;

    /// <summary>Whether what is removed elsewhere from now on is known here, or announced as a gap.</summary>
    public bool IsListening => _hasHeard && listener.State == ListenerState.Listening;

    /// <summary>Whether the local level may be used. During an outage it is used for a limited time.</summary>
    public bool IsLocalUsable
    {
        get
        {
            if (!IsListening)
                return IsOutageShort();

            if (Volatile.Read(ref _isTooLong) != 0)
                Volatile.Write(ref _isTooLong, 0);
            return true;
        }
    }

    /// <summary>The subscription has begun, or a gap is over.</summary>
    public void Hear() => _hasHeard = true;

    private bool IsOutageShort()
    {
        var since = _hasHeard ? listener.Status.Since : _created;
        if (maxOutage == Timeout.InfiniteTimeSpan || time.GetUtcNow() - since < maxOutage)
            return true;

        if (Interlocked.Exchange(ref _isTooLong, 1) == 0)
            logger.LocalLevelUnused(cache, maxOutage);
        return false;
    }
}
