using System.Globalization;
using PgListener;

namespace Cache;

/// <summary>The channel of the table's trigger. The payload is a number and not JSON, so the type implements Parse.</summary>
public readonly record struct ProductChanged(long Id) : INotificationChannel<ProductChanged>
{
    public static string ChannelName => "product_changed";

    public static ProductChanged Parse(string payload) => new(long.Parse(payload, NumberStyles.None, CultureInfo.InvariantCulture));
}
