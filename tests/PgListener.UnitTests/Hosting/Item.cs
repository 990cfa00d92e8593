namespace PgListener.UnitTests.Hosting;

/// <summary>A channel of text. A payload that begins with <c>!</c> is malformed.</summary>
internal sealed record Item(string Text) : INotificationChannel<Item>
{
    public static string ChannelName => "items";

    public static Item Parse(string payload) => payload.StartsWith('!') ? throw new FormatException() : new(payload);
}
