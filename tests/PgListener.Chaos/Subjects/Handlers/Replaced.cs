namespace PgListener.Chaos.Subjects.Handlers;

/// <summary>The channel whose only handler is replaced by another.</summary>
internal readonly record struct Replaced(string Payload) : INotificationChannel<Replaced>
{
    public static string ChannelName => Settings.Channels[3];

    public static Replaced Parse(string payload) => new(payload);
}
