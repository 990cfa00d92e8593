using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace PgListener.Durable.Tests;

/// <summary>Durable channels as an application uses them.</summary>
public class HostedTests(ServerFixture server)
{
    [Fact]
    public async Task What_is_published_while_no_handler_runs_is_handled_later()
    {
        var database = await server.CreateDatabaseAsync();
        var handled = new Handled();
        using (var first = await StartAsync(database, handled))
        {
            var publisher = first.Services.GetRequiredService<INotificationPublisher>();
            await publisher.PublishAsync(new OrderPlaced(1), TestContext.Current.CancellationToken);
            await handled.WhenAsync(1);
            await first.StopAsync(TestContext.Current.CancellationToken);
        }

        await using (var dataSource = NpgsqlDataSource.Create(database))
        await using (var command = dataSource.CreateCommand("select pglistener.publish('order_placed', '{\"id\":2}', key => '2')"))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        using var second = await StartAsync(database, handled);
        await handled.WhenAsync(2);
        await second.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1L, 2L], handled.Orders.Select(order => order.Id));
    }

    [Fact]
    public async Task A_host_may_be_stopped_once_more_when_it_has_been_disposed()
    {
        var host = await StartAsync(await server.CreateDatabaseAsync(), new());
        await ((IAsyncDisposable)host).DisposeAsync();

        await host.StopAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(new CancellationToken(canceled: true));
    }

    [Fact]
    public async Task A_message_is_handled_if_its_transaction_is_committed()
    {
        var database = await server.CreateDatabaseAsync();
        var handled = new Handled();
        using var host = await StartAsync(database, handled);
        var publisher = host.Services.GetRequiredService<INotificationPublisher>();
        await using var dataSource = NpgsqlDataSource.Create(database);
        await using (var connection = await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await using (var rolledBack = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
                await publisher.PublishAsync(new OrderPlaced(1), rolledBack, TestContext.Current.CancellationToken);
            await using var committed = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await publisher.PublishAsync(new OrderPlaced(2), committed, TestContext.Current.CancellationToken);
            await committed.CommitAsync(TestContext.Current.CancellationToken);
        }

        await publisher.PublishAsync(new OrderPlaced(3), TestContext.Current.CancellationToken);
        await handled.WhenAsync(2);
        await host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal([2L, 3L], handled.Orders.Select(order => order.Id));
    }

    [Fact]
    public async Task Two_instances_share_the_messages_and_one_continues_alone()
    {
        var database = await server.CreateDatabaseAsync();
        var (one, two) = (new Handled(), new Handled());
        using var first = await StartAsync(database, one, options => options.Shards = 8);
        using var second = await StartAsync(database, two, options => options.Shards = 8);
        var publisher = first.Services.GetRequiredService<INotificationPublisher>();
        var published = 0L;
        var limit = Stopwatch.StartNew();
        while (one.Orders.IsEmpty || two.Orders.IsEmpty)
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(20), "They do not share.");
            await publisher.PublishAsync(new OrderPlaced(++published), TestContext.Current.CancellationToken);
        }

        await first.StopAsync(TestContext.Current.CancellationToken);
        await using (var dataSource = NpgsqlDataSource.Create(database))
        await using (var command = dataSource.CreateCommand($"select pglistener.publish('order_placed', '{{\"id\":' || i || '}}', key => i::text) from generate_series({published + 1}, {published + 100}) i"))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await two.WhenAsync((int)published + 100 - one.Orders.Count);
        await second.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(1, (int)published + 100).Select(i => (long)i), one.Orders.Concat(two.Orders).Select(order => order.Id).Order());
    }

    [Fact]
    public async Task Settings_are_checked_at_the_start_and_named()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration["PgListener:Handlers:OrderHandler:Durable:Shards"] = "0";
        builder.Configuration["PgListener:Durable:PollInterval"] = "00:00:10";
        builder.Services.AddPgListener(connectionString: "Host=nowhere").AddDurableChannels().AddHandler<OrderPlaced, OrderHandler>();
        builder.Services.AddSingleton(new Handled());
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("PgListener:Handlers:OrderHandler:Durable:Shards must be from 1 to 256, but is 0.", error.Message, StringComparison.Ordinal);
        Assert.Contains("PgListener:Durable:SessionTimeout must be from 00:00:20", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_durable_handler_without_durable_channels_fails_the_start()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddPgListener(connectionString: "Host=nowhere").AddHandler<OrderPlaced, OrderHandler>();
        builder.Services.AddSingleton(new Handled());
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("AddDurableChannels()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_durable_channel_cannot_be_published_as_a_notification()
    {
        await using var publisher = new NotificationPublisher(server.ConnectionString);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishAsync(new OrderPlaced(1), TestContext.Current.CancellationToken));

        Assert.Contains("AddDurableChannels()", error.Message, StringComparison.Ordinal);
    }

    private static async Task<IHost> StartAsync(string database, Handled handled, Action<DurableHandlerOptions>? configure = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton(handled);
        builder.Services.AddPgListener(connectionString: database)
            .AddDurableChannels(options => options.CreateSchema = true)
            .AddHandler<OrderPlaced, OrderHandler>(handler => configure?.Invoke(handler.Durable));
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    private sealed class Handled
    {
        private readonly SemaphoreSlim _handled = new(0);

        public ConcurrentQueue<OrderPlaced> Orders { get; } = [];

        public void Add(OrderPlaced order)
        {
            Orders.Enqueue(order);
            _handled.Release();
        }

        public async Task WhenAsync(int count)
        {
            while (Orders.Count < count)
                Assert.True(await _handled.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), $"Only {Orders.Count} of {count} were handled.");
        }
    }

    private sealed class OrderHandler(Handled handled) : INotificationHandler<OrderPlaced>
    {
        public Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
        {
            Assert.NotNull(notification.Message);
            handled.Add(notification.Value);
            return Task.CompletedTask;
        }
    }
}
