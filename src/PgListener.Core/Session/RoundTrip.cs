using System.Globalization;
using PgListener.Connections;

namespace PgListener.Session;

/// <summary>
/// Proves that notifications arrive: sends one on the private channel from a second connection and expects it on the first.
/// Nothing less is a proof: behind a pooler in transaction mode LISTEN succeeds, and the connection answers.
/// </summary>
/// <param name="owner">Decides whether what has come of a proof still counts.</param>
/// <param name="send">Sends a payload from a new second connection. It is told just before it does so, and tells where it has sent it, or that it has not.</param>
/// <param name="limit">How long one may take after it was sent for certain.</param>
/// <param name="time">The clock.</param>
internal sealed class RoundTrip(SessionOwner owner, Func<Proof, Task<bool>> send, TimeSpan limit, TimeProvider time)
{
    private long _number;

    /// <summary>Sends one.</summary>
    /// <param name="session">The session that expects it.</param>
    /// <param name="settled">Called once with the time it took, when it has arrived; or with nothing, if it could not be sent and so proves nothing.</param>
    public void Begin(SessionId session, Action<TimeSpan?> settled)
    {
        var payload = Interlocked.Increment(ref _number).ToString(CultureInfo.InvariantCulture);
        var proof = new Proof(session, payload, time.GetTimestamp(), settled);
        if (owner.BeginProof(proof))
            _ = DetachedTask.Begin(() => SendAsync(proof));
    }

    /// <summary>A notification on the private channel.</summary>
    public void Receive(string payload)
    {
        if (owner.Awaited is not { } proof || payload != proof.Payload)
            return;

        // Notifications arrive in the order of their commits: what was committed before this one has arrived too.
        var took = time.GetElapsedTime(proof.Began);
        if (!owner.EndProof(proof))
            return;

        owner.Prove(proof.Session, proof.Began);
        proof.Settled(took);
    }

    /// <summary>
    /// Fails if one was sent for certain and has not arrived in time. To be called after a silence: while there is something to
    /// read, it may be behind that.
    /// </summary>
    /// <param name="listening">The server that is listened to, if it is known.</param>
    public void ThrowIfOverdue(ServerIdentity? listening)
    {
        if (owner.Awaited is { WasSent: { } sent } proof && time.GetElapsedTime(proof.Began) is var waited && waited >= limit)
            throw new DeafConnectionException(waited, listening, sent.Server);
    }

    private async Task SendAsync(Proof proof)
    {
        if (!await send(proof).ConfigureAwait(false) && owner.EndProof(proof))
            proof.Settled(null);
    }
}
