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

    public void Print(OrderPlaced order) => Print($"order {order.Id} for {order.Total}");

    public void Print(string line) => _writer.WriteLine(line);
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
#pragma warning disable PGL005 // That is what the test is about.
internal sealed record Reflected(long Id) : IJsonNotificationChannel<Reflected>
#pragma warning restore PGL005
{
    public static string ChannelName => "aot_reflected";
}

[ExcludeFromAddHandlers]
internal sealed class ReflectedHandler : INotificationHandler<Reflected>
{
    public Task HandleAsync(Notification<Reflected> notification, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Made by its constructor, which the compiler must keep.</summary>
internal sealed class TimingFilter(Printer printer) : INotificationFilter
{
    public async Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken)
    {
        await next(cancellationToken);
        printer.Print($"filtered {context.HandlerName} {context.GetValue<OrderPlaced>().Id}");
    }
}

internal static class Orders
{
    public static Task CountAsync(Notification<OrderPlaced> notification, Printer printer, CancellationToken cancellationToken)
    {
        printer.Print($"counted {notification.Value.Id}");
        return Task.CompletedTask;
    }
}
