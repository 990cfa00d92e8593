using Microsoft.Extensions.Logging;
using PgListener.Connections;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>For ever: lives through one session after the other, and waits longer after each failed attempt.</summary>
/// <param name="runSession">One connection's life. It calls back once the server listens, and ends only by throwing.</param>
/// <param name="state">Where the state is written.</param>
/// <param name="options">The waits between attempts.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
/// <param name="logger">Hears of changes of state.</param>
internal sealed class ListenerLoop(
    Func<Action, CancellationToken, Task> runSession,
    StateMachine state,
    OptionsInForce options,
    TimeProvider time,
    Func<double> random,
    ILogger logger)
{
    /// <summary>Counts losses and failed attempts.</summary>
    public Action<Exception>? OnFailure { get; init; }

    /// <summary>Runs until the token is cancelled, and then returns.</summary>
    /// <param name="firstMustSucceed">Whether a failure of the very first attempt ends it with that error.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task RunAsync(bool firstMustSucceed, CancellationToken stopping)
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
                    () =>
                    {
                        listeningSince = time.GetTimestamp();
                        everListened = true;
                        state.Move(ListenerState.Listening, static status => status with { FailedAttempts = 0, Problem = null }, stopping);
                    },
                    stopping).ConfigureAwait(false);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return; // Whatever a connection throws while it is being stopped is of no interest.
            }
            catch (Exception error) when (everListened || !firstMustSucceed)
            {
                // A session that was lost again at once is a failure like others: it must not be tried again and again without a pause.
                var waits = options.Current;
                var lasted = listeningSince is { } since && time.GetElapsedTime(since) >= waits.MaxReconnectDelay;
                failures = lasted ? 1 : failures + 1;
                var delay = Backoff.Next(failures, waits.ReconnectDelay, waits.MaxReconnectDelay, random());
                reported = Report(error, listeningSince is not null, reported, delay, stopping);
                await Task.Delay(delay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Notes and logs a loss, and the first failure of each kind after it; the many that follow only when debugging.</summary>
    /// <returns>The kind of failure that has been logged.</returns>
    private string? Report(Exception error, bool isLoss, string? reported, TimeSpan delay, CancellationToken stopping)
    {
        var problem = Diagnosis.Of(error);
        OnFailure?.Invoke(error);
        if (isLoss)
        {
            state.Move(ListenerState.Reconnecting, status => status with { ProcessId = null, Problem = problem }, stopping);
            logger.ConnectionLost(error, problem);
            return null;
        }

        state.Note(status => status with { ProcessId = null, Problem = problem, FailedAttempts = status.FailedAttempts + 1 }, stopping);
        var kind = Diagnosis.KindOf(error);
        if (kind == reported)
            logger.StillFailing(error, state.Status.FailedAttempts, delay);
        else
            logger.ConnectFailed(error, problem);
        return kind;
    }
}
