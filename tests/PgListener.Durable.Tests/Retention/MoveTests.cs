using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace PgListener.Durable.Tests.Retention;

/// <summary>An application whose database is dumped, and restored in another cluster.</summary>
[Collection(nameof(QuietServer))]
public class MoveTests(QuietServer server)
{
    [Fact]
    public async Task An_application_continues_in_another_cluster_with_what_was_not_handled()
    {
        await using var old = await server.CreateLogAsync();
        var handled = new Handled();
        using (var first = await StartAsync(old.ConnectionString, handled))
        {
            await old.ExecuteAsync("select pglistener.publish('order_placed', '{\"id\":' || i || '}', i::text) from generate_series(1, 100) i");
            await handled.WhenAsync(100);
            await first.StopAsync(TestContext.Current.CancellationToken);
        }

        await old.ExecuteAsync("select pglistener.publish('order_placed', '{\"id\":' || i || '}', i::text) from generate_series(101, 120) i");
        await using var newServer = await House.MoveAsync(server.Server, old.ConnectionString);
        await using var restored = LogDatabase.Of(newServer.ConnectionString);
        await restored.ExecuteAsync("select pglistener.publish('order_placed', '{\"id\":121}', '121')"); // Before any reader is there.
        using (var second = await StartAsync(newServer.ConnectionString, handled))
        {
            await handled.WhenAsync(121);
            await second.Services.GetRequiredService<INotificationPublisher>().PublishAsync(new OrderPlaced(122), TestContext.Current.CancellationToken);
            await handled.WhenAsync(122);
            await second.StopAsync(TestContext.Current.CancellationToken);
        }

        using (var third = await StartAsync(newServer.ConnectionString, handled))
        {
            await third.Services.GetRequiredService<INotificationPublisher>().PublishAsync(new OrderPlaced(123), TestContext.Current.CancellationToken);
            await handled.WhenAsync(123);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (await restored.QueryAsync<long>("select count(*) from pg_inherits where inhparent = 'pglistener.message'::regclass") < 4)
                Assert.False(limit.IsCancellationRequested, "It does not keep the log.");
            await third.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(Enumerable.Range(1, 123).Select(i => (long)i), handled.Orders);
        Assert.Equal(2L, await restored.QueryAsync<long>("select count(*) from pglistener.cluster"));
    }

    private static async Task<IHost> StartAsync(string database, Handled handled)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton(handled);
        builder.Services.AddPgListener(connectionString: new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 10 }.ConnectionString)
            .AddDurableChannels()
            .AddHandler<OrderPlaced, OrderHandler>();
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    private sealed class Handled
    {
        private readonly SemaphoreSlim _handled = new(0);

        public ConcurrentQueue<long> Orders { get; } = [];

        public void Add(long order)
        {
            Orders.Enqueue(order);
            _handled.Release();
        }

        public async Task WhenAsync(int count)
        {
            while (Orders.Count < count)
                Assert.True(await _handled.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), $"Only {Orders.Count} of {count} were handled.");
        }
    }

    private sealed class OrderHandler(Handled handled) : INotificationHandler<OrderPlaced>
    {
        public Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
        {
            handled.Add(notification.Value.Id);
            return Task.CompletedTask;
        }
    }
}
