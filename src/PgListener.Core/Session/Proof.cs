using PgListener.Connections;

namespace PgListener.Session;

/// <summary>A notification that the listener sends itself from a second connection, to prove that it arrives on the first.</summary>
/// <param name="session">The session that expects it.</param>
/// <param name="payload">Distinguishes it from other proofs.</param>
/// <param name="began">When it was created, as a timestamp.</param>
/// <param name="settled">Called with the time it took when it has arrived, or with <see langword="null"/> if it could not be sent.</param>
internal sealed class Proof(SessionId session, string payload, long began, Action<TimeSpan?> settled)
{
    private volatile Sent? _sent;
    private bool _isBeingSent;

    public SessionId Session => session;

    public string Payload => payload;

    public Action<TimeSpan?> Settled => settled;

    /// <summary>When the sending began, as a timestamp.</summary>
    public long Began { get; private set; } = began;

    /// <summary>Where it was sent; <see langword="null"/> until the server has confirmed that.</summary>
    public Sent? WasSent
    {
        get => _sent;
        set => _sent = value;
    }

    /// <summary>Called before each attempt to send it. Only the first time counts, because that attempt may have succeeded although its answer was lost.</summary>
    public void BeginSending(long timestamp)
    {
        if (_isBeingSent)
            return;

        _isBeingSent = true;
        Began = timestamp;
    }

    /// <param name="Server">The server that has sent it, if it is known.</param>
    internal sealed record Sent(ServerIdentity? Server);
}
