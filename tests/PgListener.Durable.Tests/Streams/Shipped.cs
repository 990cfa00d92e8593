namespace PgListener.Durable.Tests.Streams;

/// <summary>Another durable channel.</summary>
public sealed record Shipped(long Id) : IJsonNotificationChannel<Shipped>, IDurableChannel<Shipped>
{
    public static string ChannelName => "shipped";
}
