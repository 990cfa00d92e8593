using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Hosting;
using PgListener;

namespace AotApp;

internal sealed record OrderPlaced(long Id, decimal Total) : IJsonNotificationChannel<OrderPlaced>
{
    public static string ChannelName => "aot_order_placed";

    public static JsonTypeInfo<OrderPlaced> JsonTypeInfo => AppJson.Default.OrderPlaced;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
internal sealed partial class AppJson : JsonSerializerContext;

internal sealed class Printer
{
    private readonly TextWriter _writer = Console.Out;

    public void Print(OrderPlaced order) => _writer.WriteLine($"order {order.Id} for {order.Total}");
}

internal sealed class OrderPlacedHandler(Printer printer, IHostApplicationLifetime lifetime) : INotificationHandler<OrderPlaced>
{
    public Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        printer.Print(notification.Value);
        if (notification.Value.Id == 7)
            lifetime.StopApplication();
        return Task.CompletedTask;
    }
}

/// <summary>Lacks what a natively compiled application needs: a source-generated <c>JsonTypeInfo</c>.</summary>
internal sealed record Reflected(long Id) : IJsonNotificationChannel<Reflected>
{
    public static string ChannelName => "aot_reflected";
}

internal sealed class ReflectedHandler : INotificationHandler<Reflected>
{
    public Task HandleAsync(Notification<Reflected> notification, CancellationToken cancellationToken) => Task.CompletedTask;
}
