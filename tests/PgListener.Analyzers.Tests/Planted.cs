// An application with mistakes. A line with one ends with the id of the rule that finds it.
using Npgsql;
using PgListener;

var services = new ServiceCollection();
await using var dataSource = NpgsqlDataSource.Create("Host=localhost");
services.AddSingleton(dataSource);
services.AddSingleton<OrderSender>();
services.AddPgListener()
    .UseDataSource();

public sealed record OrderPlaced(long Id, decimal Total) : IJsonNotificationChannel<OrderPlaced> // PGL005
{
    public static string ChannelName => "OrderPlaced"; // PGL006
}

public sealed record OrderShipped(long Id) : IJsonNotificationChannel<OrderShipped> // PGL005
{
    public static string ChannelName => "the orders of this shop which have been shipped to their customers"; // PGL002
}

public readonly record struct CacheKey(string Value) : INotificationChannel<CacheKey>
{
    public static string ChannelName => ""; // PGL002

    public static CacheKey Parse(string payload) => new(payload);
}

public sealed class OrderPlacedHandler(IPgListener listener) : INotificationHandler<OrderPlaced>, IResyncHandler<OrderPlaced> // PGL001
{
    public async Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
        => await listener.WaitUntilListeningAsync(CancellationToken.None); // PGL003

    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        => Task.Delay(10, default); // PGL003
}

public sealed class OrderShippedHandler : INotificationHandler<OrderShipped>, INotificationHandler<CacheKey> // PGL001
{
    public Task HandleAsync(Notification<OrderShipped> notification, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task HandleAsync(Notification<CacheKey> notification, CancellationToken cancellationToken) => Task.CompletedTask;
}

public sealed class OrderSender(NpgsqlDataSource dataSource, IPgListener listener)
{
    public async Task SendAsync(string channel, string payload, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using (var command = new NpgsqlCommand($"NOTIFY {channel}, '{payload}'", connection)) // PGL004
            await command.ExecuteNonQueryAsync(cancellationToken);

        await using var second = dataSource.CreateCommand("SELECT pg_notify('order_placed', '" + payload + "')"); // PGL004
        await second.ExecuteNonQueryAsync(cancellationToken);

        await using var third = connection.CreateCommand();
        third.CommandText = $"NOTIFY order_placed, 'payload: {payload}'"; // PGL004
        await third.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task SubscribeAsync(CancellationToken cancellationToken)
    {
        await listener.SubscribeAsync("order-shipped", (context, _) => ShowAsync(context.Payload, default), cancellationToken: cancellationToken); // PGL006 // PGL003
        await listener.SubscribeAsync("a\0b", (context, token) => ShowAsync(context.Payload, token), cancellationToken: cancellationToken); // PGL002
    }

    private static Task ShowAsync(string text, CancellationToken cancellationToken = default) => Console.Out.WriteLineAsync(text.AsMemory(), cancellationToken);
}
