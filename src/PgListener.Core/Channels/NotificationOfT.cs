namespace PgListener;

/// <summary>A notification whose payload has been read into the channel's type.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
/// <param name="Value">The value that the payload was read into.</param>
/// <param name="Payload">The payload's text.</param>
/// <param name="ProcessId">The process id of the server session that sent it.</param>
public readonly record struct Notification<TChannel>(TChannel Value, string Payload, int ProcessId)
    where TChannel : INotificationChannel<TChannel>
{
    /// <summary>The message of a durable channel, or the name of a channel that the type does not name: one field, because most notifications have neither.</summary>
    private readonly object? _origin;

    /// <summary>Creates a notification of a durable channel, for a test of a handler.</summary>
    /// <param name="value">The value that the payload was read into.</param>
    /// <param name="payload">The payload's text.</param>
    /// <param name="message">What the channel knows of the message.</param>
    public Notification(TChannel value, string payload, DurableMessage message)
        : this(value, payload, ProcessId: 0)
    {
        ArgumentNullException.ThrowIfNull(message);
        _origin = message;
    }

    /// <param name="value">The value that the payload was read into.</param>
    /// <param name="notification">The notification that was received.</param>
    /// <param name="isMapped">Whether its channel is not the one that the type names.</param>
    internal Notification(TChannel value, in Notification notification, bool isMapped)
        : this(value, notification.Payload, notification.ProcessId)
    {
        if (isMapped)
            _origin = notification.Channel;
    }

    /// <summary>The channel it was sent on, without the listener's <see cref="ListenerOptions.ChannelPrefix"/>.</summary>
    public string Channel => _origin switch
    {
        string mapped => mapped,
        DurableMessage { Channel: { } mapped } => mapped,
        _ => TChannel.ChannelName,
    };

    /// <summary>What a durable channel knows of the message; <see langword="null"/> on other channels.</summary>
    public DurableMessage? Message => _origin as DurableMessage;
}
