using System.Data.Common;

namespace PgListener.Publishing;

/// <summary>The channels and payloads of several notifications, as two arrays in text form. Empty for a single notification.</summary>
internal readonly struct NotifyArrays
{
    private readonly ArrayLiteral? _channels;
    private readonly ArrayLiteral? _payloads;

    private NotifyArrays(ArrayLiteral channels, ArrayLiteral payloads)
    {
        _channels = channels;
        _payloads = payloads;
    }

    public static NotifyArrays Of(IReadOnlyList<Outgoing> notifications)
        => new(
            ArrayLiteral.Of(notifications, static notification => notification.Channel),
            ArrayLiteral.Of(notifications, static notification => notification.Payload));

    /// <summary>Adds them to a command, if there are any.</summary>
    public void AddTo(DbParameterCollection parameters, bool isUtf8)
    {
        if (_channels is null || _payloads is null)
            return;

        parameters.Add(_channels.ToParameter(isUtf8));
        parameters.Add(_payloads.ToParameter(isUtf8));
    }

    /// <summary>Returns the memory.</summary>
    public void GiveBack()
    {
        _channels?.GiveBack();
        _payloads?.GiveBack();
    }
}
