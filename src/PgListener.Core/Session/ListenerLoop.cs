using Microsoft.Extensions.Logging;
using PgListener.Diagnostics;

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
    ListenerOptions options,
    TimeProvider time,
    Func<double> random,
    ILogger logger)
{
    /// <summary>Runs until the token is cancelled, and then returns.</summary>
    /// <param name="firstMustSucceed">Whether a failure of the very first attempt ends it with that error.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task RunAsync(bool firstMustSucceed, CancellationToken stopping)
    {
        var everListened = false;
        string? reported = null;
        while (!stopping.IsCancellationRequested)
        {
            var listened = false;
            try
            {
                await runSession(
                    () =>
                    {
                        if (stopping.IsCancellationRequested)
                            return;

                        listened = everListened = true;
                        state.Move(ListenerState.Listening, static status => status with { FailedAttempts = 0, Problem = null });
                    },
                    stopping).ConfigureAwait(false);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return; // Whatever a connection throws while it is being stopped is of no interest.
            }
            catch (Exception error) when (everListened || !firstMustSucceed)
            {
                if (listened)
                    reported = null;
                var problem = Diagnosis.Of(error);
                if (listened)
                    state.Move(ListenerState.Reconnecting, status => status with { ProcessId = null, Problem = problem });
                else
                    state.Note(status => status with { ProcessId = null, Problem = problem, FailedAttempts = status.FailedAttempts + 1 });

                var failures = Math.Max(state.Status.FailedAttempts, 1);
                var delay = Backoff.Next(failures, options.ReconnectDelay, options.MaxReconnectDelay, random());
                Report(error, problem, listened, ref reported, failures, delay);
                await Task.Delay(delay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Logs a loss, and the first failure of each kind after it; the many that follow only when debugging.</summary>
    private void Report(Exception error, string problem, bool listened, ref string? reported, int failures, TimeSpan delay)
    {
        var kind = Diagnosis.KindOf(error);
        if (listened)
            logger.ConnectionLost(error, problem);
        else if (kind == reported)
            logger.StillFailing(error, failures, delay);
        else
            logger.ConnectFailed(error, problem);

        if (!listened)
            reported = kind;
    }
}
