namespace PgListener.MicroBench;

/// <summary>A channel whose JSON is read by reflection, which is what one gets who writes nothing but the name.</summary>
public sealed record ReflectedOrder(long Id, decimal Total, string Customer) : IJsonNotificationChannel<ReflectedOrder>
{
    public static string ChannelName => "bench";
}
