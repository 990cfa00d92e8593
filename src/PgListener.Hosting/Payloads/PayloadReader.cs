namespace PgListener.Payloads;

/// <summary>Reads a subscription's payloads, and logs those that cannot be read.</summary>
internal abstract class PayloadReader
{
    private volatile PayloadLog _log = PayloadLog.None;

    /// <summary>The log. Set by the listener before the first payload arrives.</summary>
    public PayloadLog Log
    {
        get => _log;
        set => _log = value;
    }
}
