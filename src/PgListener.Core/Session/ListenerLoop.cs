using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Diagnostics;

namespace PgListener.Session;

/// <summary>For ever: lives through one session after the other, and waits longer after each failed attempt.</summary>
/// <param name="runSession">One connection's life. It calls back once the server listens, and ends only by throwing.</param>
/// <param name="status">Where the state is written.</param>
/// <param name="options">The waits between attempts.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
/// <param name="logger">Hears of changes of state.</param>
internal sealed class ListenerLoop(
    Func<Action, CancellationToken, Task> runSession,
    ListenerStatus status,
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
        var failures = 0;
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
                        listened = everListened = true;
                        status.Set(ListenerState.Listening);
                    },
                    stopping).ConfigureAwait(false);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return; // Whatever a connection throws while it is being stopped is of no interest.
            }
            catch (Exception error) when (everListened || !firstMustSucceed)
            {
                failures = listened ? 1 : failures + 1;
                if (everListened)
                    status.Set(ListenerState.Reconnecting);
                var delay = Backoff.Next(failures, options.ReconnectDelay, options.MaxReconnectDelay, random());
                reported = Report(error, listened, reported, failures, delay);
                await Task.Delay(delay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Logs a loss, and the first failure of each kind after it; the many that follow only when debugging.</summary>
    private string? Report(Exception error, bool listened, string? reported, int failures, TimeSpan delay)
    {
        if (listened)
        {
            logger.ConnectionLost(error);
            return null;
        }

        var kind = error is PostgresException { SqlState: var state } ? state : error.GetType().Name;
        if (kind == reported)
            logger.StillFailing(error, failures, delay);
        else
            logger.ConnectFailed(error);
        return kind;
    }
}
