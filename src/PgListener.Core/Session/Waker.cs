using Microsoft.Extensions.Logging;
using PgListener.Connections;
using PgListener.Telemetry;

namespace PgListener.Session;

/// <summary>
/// Ends the listening connection's wait without harm to it: with a notification on a private channel, sent from a second
/// connection. Cancelling the wait would break the connection whenever a message is half read.
/// </summary>
internal sealed class Waker(SecondConnection second, TimeProvider time, ILogger logger)
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Again = 2;

    private int _state;

    /// <summary>The private channel, which the session listens to as to any other.</summary>
    public string Channel { get; } = $"pglistener_{Guid.NewGuid():n}";

    /// <summary>Wakes the connection soon. Several calls at a time share one notification.</summary>
    /// <param name="isNeeded">Called just before it is sent, because the connection may have woken by itself by then.</param>
    public void Wake(Func<bool> isNeeded)
    {
        if (Interlocked.Exchange(ref _state, Again) == Idle)
            _ = DetachedTask.Run(() => WakeUntilQuietAsync(isNeeded));
    }

    /// <summary>Sends a proof from a new connection, because an existing one may lead to another server than a new one does.</summary>
    /// <returns>Whether it was sent for certain.</returns>
    public Task<bool> SendAsync(Proof proof) => Task.Run(() => SendCoreAsync(proof));

    private async Task<bool> SendCoreAsync(Proof proof)
    {
        try
        {
            await second.UseNewAsync(
                async (connection, cancellation) =>
                {
                    var server = await ServerIdentity.FindAsync(connection, timeout: 0, cancellation).ConfigureAwait(false);
                    proof.BeginSending(time.GetTimestamp());
                    await SecondConnection.NotifyAsync(connection, Channel, proof.Payload, cancellation).ConfigureAwait(false);
                    proof.WasSent = new(server);
                }).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            // Includes exceptions of the user's password provider. Nothing is proven then, in either direction.
            logger.ProofFailed(e);
            return false;
        }
    }

    private async Task WakeUntilQuietAsync(Func<bool> isNeeded)
    {
        do
        {
            Interlocked.Exchange(ref _state, Busy);
            if (isNeeded())
                await WakeOnceAsync(isNeeded).ConfigureAwait(false);
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Busy) != Busy);
    }

    private async Task WakeOnceAsync(Func<bool> isNeeded)
    {
        try
        {
            await second.UseAsync(
                async (connection, cancellation) =>
                {
                    if (isNeeded())
                        await SecondConnection.NotifyAsync(connection, Channel, "", cancellation).ConfigureAwait(false);
                }).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Includes exceptions of the user's password provider. The wait then ends later, by itself after a silence.
            logger.WakeFailed(e);
        }
    }
}
