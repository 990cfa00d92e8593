namespace PgListener.Publishing;

/// <summary>The channels and payloads of several notifications, as two arrays in text. Nothing for a single notification.</summary>
internal readonly struct NotifyArrays
{
    private readonly ArrayLiteral? _channels;
    private readonly ArrayLiteral? _payloads;

    private NotifyArrays(ArrayLiteral channels, ArrayLiteral payloads)
    {
        _channels = channels;
        _payloads = payloads;
    }

    public ReadOnlyMemory<char> Channels => _channels?.Text ?? default;

    public ReadOnlyMemory<char> Payloads => _payloads?.Text ?? default;

    public static NotifyArrays Of(IReadOnlyList<Outgoing> notifications)
        => new(
            ArrayLiteral.Of(notifications, static notification => notification.Channel),
            ArrayLiteral.Of(notifications, static notification => notification.Payload));

    /// <summary>Lets others use the memory.</summary>
    public void GiveBack()
    {
        _channels?.GiveBack();
        _payloads?.GiveBack();
    }
}
