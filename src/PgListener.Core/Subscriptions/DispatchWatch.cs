using Microsoft.Extensions.Logging;
using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Detects a listener that was started and whose <see cref="Listener.Listen"/> was not called, and logs a warning before notifications are dropped because of that.</summary>
internal sealed class DispatchWatch(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(5);

    private readonly Lock _sync = new();
    private long _begun = time.GetTimestamp();

    /// <summary>Whether the warning was logged, or is not needed.</summary>
    private volatile bool _isSettled;

    /// <summary>The listener was started.</summary>
    public void Begin()
    {
        lock (_sync)
        {
            _begun = time.GetTimestamp();
            _isSettled = false;
        }
    }

    /// <summary>The listener calls its callbacks from now on.</summary>
    public void Listen() => _isSettled = true;

    /// <summary>A notification waits for callbacks to be called.</summary>
    /// <param name="isSoonFull">Whether half the queue is taken.</param>
    public void NoteWaiting(bool isSoonFull)
    {
        if (_isSettled)
            return;

        lock (_sync)
        {
            if (_isSettled || (!isSoonFull && time.GetElapsedTime(_begun) < Usual))
                return;

            _isSettled = true;
        }

        logger.NotDispatching();
    }
}
