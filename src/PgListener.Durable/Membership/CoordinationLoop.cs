using PgListener.Connections;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Membership;

/// <summary>Runs one session of the coordination after the other until it is stopped, and waits longer after each failed attempt.</summary>
/// <param name="parts">What the sessions work with.</param>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
internal sealed class CoordinationLoop(CoordinationParts parts, Func<double> random)
{
    /// <summary>The longest wait after the loss of a session that did coordinate, as a multiple of the first one.</summary>
    private const int MostAfterLoss = 8;

    /// <summary>A session that lasts this long has been well. The next failure is reported, even if it is of the same kind.</summary>
    private static readonly TimeSpan Well = TimeSpan.FromSeconds(10);

    private readonly CoordinationSession _session = new(parts);
    private string? _reported;
    private int _failures;

    /// <summary>Runs until it is stopped.</summary>
    /// <param name="stopping">Ends it: the calls that are running are waited for, then the locks are released.</param>
    /// <param name="abort">Cancels those calls.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken abort)
    {
        parts.WakeUps.Channels = parts.Subscriptions.Select(static subscription => subscription.Channel).ToHashSet(StringComparer.Ordinal);
        while (!stopping.IsCancellationRequested)
        {
            long? coordinatingSince = null;
            try
            {
                await _session.RunAsync(
                    (server, process) =>
                    {
                        coordinatingSince = parts.Time.GetTimestamp();
                        parts.State.Works();
                        if (_failures == 0 || _reported is not null)
                            parts.Logger.Coordinating(parts.Subscriptions.Count, server, process);
                    },
                    stopping,
                    abort).ConfigureAwait(false);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return; // An exception that the stop causes is not a failure.
            }
            catch (Exception error)
            {
                TimeSpan? coordinated = coordinatingSince is { } since ? parts.Time.GetElapsedTime(since) : null;
                await Task.Delay(Report(error, coordinated), parts.Time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Logs a loss, and the first failure of each kind after it.</summary>
    /// <returns>How long to wait before the next attempt.</returns>
    private TimeSpan Report(Exception error, TimeSpan? coordinated)
    {
        if (coordinated >= Well)
            (_failures, _reported) = (0, null);

        _failures++;
        parts.State.Failed(Diagnosis.Of(error));
        var waits = parts.Options.Current;
        var most = coordinated is null ? waits.MaxReconnectDelay : TimeSpan.FromTicks(Math.Min(waits.MaxReconnectDelay.Ticks, waits.ReconnectDelay.Ticks * MostAfterLoss));
        var delay = Backoff.Next(_failures, waits.ReconnectDelay, most, random());
        var kind = $"{coordinated is null} {Diagnosis.KindOf(error)}";
        if (kind == _reported)
            parts.Logger.StillNotCoordinating(error, _failures, delay);
        else if (coordinated is null)
            parts.Logger.CannotCoordinate(Diagnosis.Of(error));
        else
            parts.Logger.CoordinationLost(Diagnosis.Of(error));

        _reported = kind;
        return delay;
    }
}
