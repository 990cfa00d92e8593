using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>
/// Ends the listening connection's wait from outside, harmlessly: with a notification on a private channel, sent from a second
/// connection. Cancelling the wait instead would break the connection whenever a message is half read.
/// </summary>
internal sealed class Waker(ConnectionSource connections, TimeSpan limit, TimeProvider time, ILogger logger)
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Again = 2;

    private int _state;

    /// <summary>The private channel; the session listens to it as to any other.</summary>
    public string Channel { get; } = $"pglistener_{Guid.NewGuid():n}";

    /// <summary>Wakes the connection soon. Many calls at a time share one notification.</summary>
    /// <param name="isNeeded">Asked just before it is sent: by then the connection may have woken by itself.</param>
    public void Wake(Func<bool> isNeeded)
    {
        if (Interlocked.Exchange(ref _state, Again) == Idle)
            _ = DetachedTask.Run(() => WakeUntilQuietAsync(isNeeded));
    }

    private async Task WakeUntilQuietAsync(Func<bool> isNeeded)
    {
        do
        {
            Interlocked.Exchange(ref _state, Busy);
            if (isNeeded())
                await NotifyAsync("", isNeeded).ConfigureAwait(false);
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Busy) != Busy);
    }

    /// <summary>Sends a notification on the private channel.</summary>
    /// <param name="payload">Its payload.</param>
    /// <param name="isNeeded">Asked once the connection is there, just before it is sent.</param>
    /// <returns>Whether it was sent for certain.</returns>
    public async Task<bool> NotifyAsync(string payload, Func<bool> isNeeded)
    {
        // Npgsql does not always hear of a cancellation while it connects; what takes too long ends by itself, with nobody waiting.
        var sending = SendAsync(payload, isNeeded);
        await ((Task)sending).WaitAsync(limit, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return sending.IsCompleted && await sending.ConfigureAwait(false);
    }

    private async Task<bool> SendAsync(string payload, Func<bool> isNeeded)
    {
        try
        {
            using var timeout = new CancellationTokenSource(limit, time);
            var connection = await connections.OpenPooledAsync(timeout.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                if (!isNeeded())
                    return false;

                var command = new NpgsqlCommand("select pg_notify($1, $2)", connection);
                await using (command.ConfigureAwait(false))
                {
                    command.Parameters.Add(new() { Value = Channel });
                    command.Parameters.Add(new() { Value = payload });
                    await command.ExecuteNonQueryAsync(timeout.Token).ConfigureAwait(false);
                    return true;
                }
            }
        }
        catch (Exception e)
        {
            // Also what a user's password provider throws. Nothing is lost but time: a wait ends by itself after a silence.
            logger.WakeFailed(e);
            return false;
        }
    }
}
