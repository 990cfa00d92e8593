namespace PgListener;

/// <summary>A notification whose payload has been read into the channel's type.</summary>
/// <typeparam name="TChannel">The channel's type.</typeparam>
/// <param name="Value">The value that the payload was read into.</param>
/// <param name="Payload">The payload's text.</param>
/// <param name="ProcessId">The process id of the server session that sent it.</param>
public readonly record struct Notification<TChannel>(TChannel Value, string Payload, int ProcessId)
    where TChannel : INotificationChannel<TChannel>
{
    /// <summary>The channel's name.</summary>
    public string Channel => TChannel.ChannelName;
}
