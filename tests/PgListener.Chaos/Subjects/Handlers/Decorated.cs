namespace PgListener.Chaos.Subjects.Handlers;

/// <summary>The channel whose handlers are decorated, but for one.</summary>
internal readonly record struct Decorated(string Payload) : INotificationChannel<Decorated>
{
    public static string ChannelName => Settings.Channels[2];

    public static Decorated Parse(string payload) => new(payload);
}
