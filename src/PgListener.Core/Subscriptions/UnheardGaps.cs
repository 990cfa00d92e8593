using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>Logs that subscriptions to which gaps are not announced may have missed notifications: the first one by name, the others as a count.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Its timer runs once, and holds nothing but the logger.")]
internal sealed class UnheardGaps(TimeProvider time, ILogger logger)
{
    private readonly LogThrottle _throttle = new(time, logger.MissedUnheardToo);

    public void Note(string subscription, string channel)
    {
        if (!_throttle.IsNew())
            return;

        // It is recorded under the lock of the table of channels, which must not wait for a logger.
        _ = DetachedTask.Run(() =>
        {
            logger.MissedUnheard(subscription, channel.ReplaceLineEndings(" "));
            return Task.CompletedTask;
        });
    }
}
