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
    /// <summary>How long a gap that was announced waits for the listener to listen. That is the next thing that it does.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Since when the listener has been listening, when the gap before it was handled. In ticks; 0 before.</summary>
    private long _heard;

    /// <summary>The beginning of the outage, in ticks; 0 if there is none.</summary>
    private long _outage = time.GetUtcNow().UtcTicks;
    private int _isTooLong;

    /// <summary>Whether what is removed elsewhere from now on is known here, or announced as a gap. Just after a connection is back, its gap has not been handled yet.</summary>
    public bool IsListening => listener.Status is { State: ListenerState.Listening } status && status.Since.UtcTicks == Interlocked.Read(ref _heard);

    public ListenerStatus Status => listener.Status;

    /// <summary>Whether the local level may be used. During an outage it is used for a limited time.</summary>
    public bool IsLocalUsable
    {
        get
        {
            if (!IsListening)
                return IsOutageShort();

            EndOutage();
            return true;
        }
    }

    /// <summary>Waits until the listener listens.</summary>
    /// <returns>The status, from before anything is cleared.</returns>
    /// <exception cref="TimeoutException">The connection was lost again. Its gap is announced again.</exception>
    public async Task<ListenerStatus> WaitAsync(CancellationToken cancellationToken)
    {
        await listener.WaitUntilListeningAsync(cancellationToken).WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false);
        return listener.Status;
    }

    /// <summary>What was missed before a status is forgotten.</summary>
    public void Hear(ListenerStatus status)
    {
        if (status.State != ListenerState.Listening)
            return;

        Interlocked.Exchange(ref _heard, status.Since.UtcTicks);
        EndOutage(); // The next one begins later, also if nobody reads before it.
    }

    private void EndOutage()
    {
        // Read first, because each reading of the cache comes here.
        if (Interlocked.Read(ref _outage) != 0)
            Interlocked.Exchange(ref _outage, 0);
        if (Volatile.Read(ref _isTooLong) != 0)
            Volatile.Write(ref _isTooLong, 0);
    }

    private bool IsOutageShort()
    {
        var status = listener.Status;
        var begun = Interlocked.Read(ref _outage);
        if (begun == 0)
        {
            // While it listens already, and has not handled the gap yet, it is no longer known when the outage began.
            begun = (status.State == ListenerState.Listening ? time.GetUtcNow() : status.Since).UtcTicks;
            Interlocked.CompareExchange(ref _outage, begun, 0);
        }

        if (maxOutage == Timeout.InfiniteTimeSpan || time.GetUtcNow().UtcTicks - begun < maxOutage.Ticks)
            return true;

        if (Interlocked.Exchange(ref _isTooLong, 1) == 0)
            logger.LocalLevelUnused(cache, maxOutage);
        return false;
    }
}
