namespace PgListener;

/// <summary>A notification whose payload has been read into the channel's type.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
/// <param name="Value">The value that the payload was read into.</param>
/// <param name="Payload">The payload's text.</param>
/// <param name="ProcessId">The process id of the server session that sent it.</param>
public readonly record struct Notification<TChannel>(TChannel Value, string Payload, int ProcessId)
    where TChannel : INotificationChannel<TChannel>
{
    private readonly string? _mappedChannel;

    /// <summary>The channel it was sent on, without the listener's <see cref="ListenerOptions.ChannelPrefix"/>.</summary>
    public string Channel => _mappedChannel ?? TChannel.ChannelName;

    /// <param name="value">The value that the payload was read into.</param>
    /// <param name="notification">The notification that was received.</param>
    /// <param name="isMapped">Whether its channel is not the one that the type names.</param>
    internal Notification(TChannel value, in Notification notification, bool isMapped)
        : this(value, notification.Payload, notification.ProcessId)
    {
        if (isMapped)
            _mappedChannel = notification.Channel;
    }
}
