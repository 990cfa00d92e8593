using PgListener.Connections;

namespace PgListener.Session;

/// <summary>One notification of the listener's own, from a second connection to the first.</summary>
/// <param name="session">The session that expects it.</param>
/// <param name="payload">What tells it from others.</param>
/// <param name="began">When it was made, as a timestamp.</param>
/// <param name="settled">Called when it has arrived, with the time it took; or with nothing, if it could not be sent and so proves nothing.</param>
internal sealed class Proof(SessionId session, string payload, long began, Action<TimeSpan?> settled)
{
    private volatile Sent? _sent;
    private bool _isBeingSent;

    public SessionId Session => session;

    public string Payload => payload;

    public Action<TimeSpan?> Settled => settled;

    /// <summary>When the sending began, as a timestamp.</summary>
    public long Began { get; private set; } = began;

    /// <summary>Where it was sent, once it was sent for certain.</summary>
    public Sent? WasSent
    {
        get => _sent;
        set => _sent = value;
    }

    /// <summary>It is about to be sent. Only the first time counts: that one may have arrived, and only its answer may be lost.</summary>
    public void BeginSending(long timestamp)
    {
        if (_isBeingSent)
            return;

        _isBeingSent = true;
        Began = timestamp;
    }

    /// <param name="Server">The server that has sent it, if that could be found out.</param>
    internal sealed record Sent(ServerIdentity? Server);
}
