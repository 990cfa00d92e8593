using Microsoft.Extensions.Logging;
using PgListener.Connections;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>Runs one session after the other until the listener is stopped, and waits longer after each failed attempt.</summary>
/// <param name="runSession">Runs one session of the given run. It calls back once the server listens, and ends only by throwing.</param>
/// <param name="owner">Decides which results count.</param>
/// <param name="options">The waits between attempts.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
/// <param name="logger">Logs changes of state.</param>
internal sealed class ListenerLoop(
    Func<long, Action, CancellationToken, Task> runSession,
    SessionOwner owner,
    OptionsInForce options,
    TimeProvider time,
    Func<double> random,
    ILogger logger)
{
    /// <summary>The longest wait after the loss of a session that did listen, as a multiple of the first one.</summary>
    private const int MostAfterLoss = 8;

    /// <summary>Counts losses and failed attempts.</summary>
    public Action<Exception>? OnFailure { get; init; }

    /// <summary>Waits between two attempts; must not throw.</summary>
    public required Func<TimeSpan, CancellationToken, Task> WaitToRetry { get; init; }

    /// <summary>Runs until the token is cancelled, and then returns.</summary>
    /// <param name="run">The run.</param>
    /// <param name="firstMustSucceed">Whether a failure of the first attempt ends the loop with that error.</param>
    /// <param name="stopping">Ends the loop.</param>
    public async Task RunAsync(long run, bool firstMustSucceed, CancellationToken stopping)
    {
        var everListened = false;
        var failures = 0;
        string? reported = null;
        while (!stopping.IsCancellationRequested)
        {
            long? listeningSince = null;
            try
            {
                await runSession(
                    run,
                    () =>
                    {
                        listeningSince = time.GetTimestamp();
                        everListened = true;
                    },
                    stopping).ConfigureAwait(false);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return; // An exception that the stop causes is not a failure.
            }
            catch (Exception error) when (everListened || !firstMustSucceed)
            {
                TimeSpan? listened = listeningSince is { } since ? time.GetElapsedTime(since) : null;
                var delay = DelayAfter(error, listened, ref failures);
                reported = await ReportAsync(run, error, listened is not null, reported, delay).ConfigureAwait(false);
                if (delay > TimeSpan.Zero)
                    await WaitAsync(run, delay, stopping).ConfigureAwait(false);
            }
        }
    }

    private async Task WaitAsync(long run, TimeSpan delay, CancellationToken stopping)
    {
        owner.Plan(run, time.GetUtcNow() + delay);
        await WaitToRetry(delay, stopping).ConfigureAwait(false);
        owner.Plan(run, nextAttempt: null);
    }

    /// <summary>
    /// How long to wait before the next attempt. When a session is lost soon after it began to listen, the next attempt must not follow without a
    /// pause; but a listener whose sessions do listen must not wait longer and longer either.
    /// </summary>
    private TimeSpan DelayAfter(Exception error, TimeSpan? listened, ref int failures)
    {
        var waits = options.Current;
        var most = waits.MaxReconnectDelay;
        failures++;
        if (listened is { } lasted)
        {
            most = TimeSpan.FromTicks(Math.Min(most.Ticks, waits.ReconnectDelay.Ticks * MostAfterLoss));
            if (lasted >= waits.ReconnectDelay)
            {
                failures = 1;
                if (Diagnosis.IsUndecodable(error))
                {
                    failures = 0;
                    return TimeSpan.Zero; // The server and the other channels are not affected.
                }
            }
        }

        return Backoff.Next(failures, waits.ReconnectDelay, most, random());
    }

    /// <summary>Reports and logs a loss, and the first failure of each kind after it. Further ones are logged at the level Debug only.</summary>
    /// <returns>The kind of failure that has been logged.</returns>
    private async Task<string?> ReportAsync(long run, Exception error, bool isLoss, string? reported, TimeSpan delay)
    {
        OnFailure?.Invoke(error);
        var problem = Diagnosis.Of(error);
        if (!isLoss)
            owner.Failed(run, problem);
        if (Diagnosis.IsTimeout(error) && await ThreadPoolDelay.MeasureAsync(time).ConfigureAwait(false) is var poolDelay && poolDelay > ThreadPoolDelay.Tolerated)
        {
            problem = Diagnosis.OfStarvedPool(error, poolDelay);
            owner.Explain(run, problem);
        }

        if (isLoss)
        {
            logger.ConnectionLost(problem);
            logger.ConnectionLostBy(error);
            return null;
        }

        var kind = Diagnosis.KindOf(error);
        if (kind == reported)
        {
            logger.StillFailing(error, owner.State.Status.FailedAttempts, delay);
        }
        else
        {
            logger.ConnectFailed(problem);
            logger.ConnectFailedBy(error);
        }

        return kind;
    }
}
