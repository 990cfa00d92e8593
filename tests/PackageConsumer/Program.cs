using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using PgListener;
using PgListener.Testing;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddPgListener().AddHandlers();
builder.Services.AddHealthChecks().AddPgListener();
var app = builder.Build();
app.MapHealthChecks("/health");
await app.StartAsync();
await app.Services.GetRequiredService<IPgListener>().WaitUntilListeningAsync();
Console.WriteLine($"listening with {typeof(EphemeralPostgres).Assembly.GetName().Name}");
await app.WaitForShutdownAsync();

internal sealed record OrderPlaced(long Id, decimal Total) : IJsonNotificationChannel<OrderPlaced>
{
    public static string ChannelName => "packaged_order_placed";

    public static JsonTypeInfo<OrderPlaced> JsonTypeInfo => AppJson.Default.OrderPlaced;
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OrderPlaced))]
internal sealed partial class AppJson : JsonSerializerContext;

internal sealed class OrderPlacedHandler(IHostApplicationLifetime lifetime) : INotificationHandler<OrderPlaced>
{
    public Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        Console.WriteLine($"order {notification.Value.Id} for {notification.Value.Total}");
        lifetime.StopApplication();
        return Task.CompletedTask;
    }
}
