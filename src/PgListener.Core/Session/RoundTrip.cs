using System.Globalization;
using PgListener.Connections;

namespace PgListener.Session;

/// <summary>
/// Proves that notifications arrive: sends one on the private channel from a second connection and expects it on the first.
/// Other checks do not prove it: behind a pooler in transaction mode LISTEN succeeds, and the connection answers.
/// </summary>
/// <param name="owner">Decides whether the result of a proof still counts.</param>
/// <param name="send">Sends a proof from a new second connection, and records in it when and where. Returns whether it was sent for certain.</param>
/// <param name="limit">How long a proof may take.</param>
/// <param name="time">The clock.</param>
internal sealed class RoundTrip(SessionOwner owner, Func<Proof, Task<bool>> send, TimeSpan limit, TimeProvider time)
{
    private long _number;

    /// <summary>Sends a proof.</summary>
    /// <param name="session">The session that expects it.</param>
    /// <param name="settled">Called once: with the time it took when it has arrived, or with <see langword="null"/> if it could not be sent.</param>
    public void Begin(SessionId session, Action<TimeSpan?> settled)
    {
        var payload = Interlocked.Increment(ref _number).ToString(CultureInfo.InvariantCulture);
        var proof = new Proof(session, payload, time.GetTimestamp(), settled);
        if (owner.BeginProof(proof))
            _ = DetachedTask.Begin(() => SendAsync(proof));
    }

    /// <summary>Receives a notification on the private channel.</summary>
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

    /// <summary>Whether <see cref="ThrowIfOverdue"/> would throw.</summary>
    public bool IsOverdue => Overdue is not null;

    private Proof? Overdue => owner.Awaited is { WasSent: not null } proof && time.GetElapsedTime(proof.Began) >= limit ? proof : null;

    /// <summary>
    /// Throws if a proof was sent for certain and has not arrived in time. Call it after a silence: while there is something to
    /// read, the proof may come after that.
    /// </summary>
    /// <param name="listening">The server that the session is connected to, if it is known.</param>
    public void ThrowIfOverdue(ServerIdentity? listening)
    {
        if (Overdue is { WasSent: { } sent } proof)
            throw new DeafConnectionException(time.GetElapsedTime(proof.Began), listening, sent.Server);
    }

    private async Task SendAsync(Proof proof)
    {
        if (!await send(proof).ConfigureAwait(false) && owner.EndProof(proof))
            proof.Settled(null);
    }
}
