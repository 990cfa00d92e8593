using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Durable.Tests.Streams;

namespace PgListener.Durable.Tests.ChangeFeeds;

/// <summary>A change feed whose changes are messages of a durable channel.</summary>
public sealed class DurableFeedTests(ServerFixture server)
{
    private static readonly ChangeFeed Products = ChangeFeed.For("products").Key("id").MaxKeys(3).Durable();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed record Product;

    /// <summary>What a handler has been told, also by calls that failed.</summary>
    private sealed class Told
    {
        private readonly SemaphoreSlim _told = new(0);

        public ConcurrentQueue<string> All { get; } = [];

        public void Add(string what)
        {
            All.Enqueue(what);
            _told.Release();
        }

        public async Task<string[]> NextAsync(int count)
        {
            for (var i = 0; i < count; i++)
                Assert.True(await _told.WaitAsync(TimeSpan.FromSeconds(30), Cancellation), $"Only: {string.Join(", ", All)}");
            string[] all = [.. All];
            All.Clear();
            return all;
        }
    }

    private sealed class ProductChanges(Told told) : INotificationHandler<Changes<Product>>, IResyncHandler<Changes<Product>>
    {
        private int _resyncs;

        public Task HandleAsync(Notification<Changes<Product>> notification, CancellationToken cancellationToken)
        {
            Assert.NotNull(notification.Message);
            told.Add($"{notification.Value.Operation} {string.Join(' ', notification.Value.Keys)} on {notification.Channel}");
            return Task.CompletedTask;
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            told.Add($"{resync.Reason}");
            return Interlocked.Increment(ref _resyncs) == 1 ? throw new InvalidOperationException("Not now.") : Task.CompletedTask;
        }
    }

    private sealed class Deaf(Told told) : INotificationHandler<Changes<Product>>
    {
        public Task HandleAsync(Notification<Changes<Product>> notification, CancellationToken cancellationToken)
        {
            told.Add($"{notification.Value.Operation}");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Changes_are_handled_once_also_those_of_while_no_instance_ran_and_everything_is_retried()
    {
        var database = await CreateDatabaseAsync();
        var told = new Told();
        using (var first = await StartAsync<ProductChanges>(database, told))
        {
            await ExecuteAsync(database, "insert into products values (1)");
            Assert.Equal(["Insert 1 on changes:public.products"], await told.NextAsync(1));
            await first.StopAsync(Cancellation);
        }

        await ExecuteAsync(database, "begin; insert into products values (7); rollback; update products set stock = 1; truncate products; insert into products values (2), (3)");
        using var second = await StartAsync<ProductChanges>(database, told);
        Assert.Equal(
            ["Everything", "Everything", "Insert 2 3 on changes:public.products", "Update 1 on changes:public.products"],
            (await told.NextAsync(4)).Order(StringComparer.Ordinal));
        await ExecuteAsync(database, "insert into products select i from generate_series(10, 20) i");
        Assert.Equal(["Everything"], await told.NextAsync(1));
        Assert.Empty(Lines(second, 722));
        await second.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_handler_that_does_not_hear_of_everything_is_named_and_goes_on()
    {
        var database = await CreateDatabaseAsync();
        var told = new Told();
        using var host = await StartAsync<Deaf>(database, told);
        await ExecuteAsync(database, "truncate products; truncate products; insert into products values (1)");
        Assert.Equal(["Insert"], await told.NextAsync(1));
        Assert.Contains("Deaf", Assert.Single(Lines(host, 720)), StringComparison.Ordinal);
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_stream_has_everything_as_a_gap_with_a_position_after_which_it_goes_on()
    {
        var database = await CreateDatabaseAsync();
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddPgListener(connectionString: database).AddDurableChannels().AddChangeFeed<Product>(Products);
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        var listener = host.Services.GetRequiredService<IPgListener>();
        string position;
        await using (var live = new Reading<Changes<Product>>(listener.ReadItemsAsync<Changes<Product>>(cancellationToken: Cancellation)))
        {
            Assert.Equal(ResyncReason.Started, (await live.NextGapAsync()).Reason);
            await ExecuteAsync(database, "insert into products values (1); truncate products; insert into products values (2)");
            Assert.Equal(ChangeKey.Of(1), (await live.NextAsync()).Value.Keys[0]);
            Assert.Equal(ResyncReason.Everything, (await live.NextGapAsync()).Reason);
            position = live.Position;
            Assert.Equal(ChangeKey.Of(2), (await live.NextAsync()).Value.Keys[0]);
        }

        await using (var again = new Reading<Changes<Product>>(listener.ReadItemsAsync<Changes<Product>>(new() { StartAfter = position }, Cancellation)))
            Assert.Equal(ChangeKey.Of(2), (await again.NextAsync()).Value.Keys[0]);
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Writers_need_no_right_to_publish_and_the_owner_does()
    {
        var database = await CreateDatabaseAsync();
        var (owner, writer) = ($"o{Guid.NewGuid():n}"[..20], $"w{Guid.NewGuid():n}"[..20]);
        await ExecuteAsync(database, $"create role {owner}; create role {writer}; grant insert on products to {writer}; alter table products owner to {owner}; alter function products_changes() owner to {owner}; set role {writer}; insert into products values (1)");
        Assert.Equal(0L, await CountAsync(database)); // The statement has succeeded, and the change is missed.
        var told = new Told();
        using (var host = await StartAsync<ProductChanges>(database, told))
        {
            Assert.Equal(1, (await WhenCheckedAsync(host)).Count(line => line.Contains($"the role '{owner}', which owns the function products_changes, has no right to", StringComparison.Ordinal) && line.Contains("publisher-rights.sql", StringComparison.Ordinal)));
            await host.StopAsync(Cancellation);
        }

        await ExecuteAsync(
            database,
            $"grant usage on schema pglistener to {owner}; grant insert (channel, key, bucket, payload, headers), select (id) on pglistener.message to {owner}; grant usage on sequence pglistener.message_id to {owner}; grant execute on function pglistener.publish(text, text, text, jsonb, boolean) to {owner}; set role {writer}; insert into products values (2)");
        using (var host = await StartAsync<ProductChanges>(database, told))
        {
            Assert.Empty(await WhenCheckedAsync(host));
            await host.StopAsync(Cancellation);
        }

        Assert.Equal(1L, await CountAsync(database));
    }

    private static async Task<long> CountAsync(string database)
    {
        await using var dataSource = NpgsqlDataSource.Create(database);
        await using var command = dataSource.CreateCommand("select count(*) from pglistener.message");
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private async Task<string> CreateDatabaseAsync()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var dataSource = NpgsqlDataSource.Create(database))
            await DurableSchema.CreateAsync(dataSource, Cancellation);
        await ExecuteAsync(database, "create table products (id int primary key, stock int)");
        await ExecuteAsync(database, Products.Script);
        return database;
    }

    private static async Task<IHost> StartAsync<THandler>(string database, Told told)
        where THandler : class, INotificationHandler<Changes<Product>>
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddFakeLogging().SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddSingleton(told).AddSingleton<THandler>();
        builder.Services.AddPgListener(connectionString: database).AddDurableChannels().AddChangeFeed<Product>(Products)
            .AddHandler<Changes<Product>, THandler>(handler => handler.Durable.RetryDelay = TimeSpan.FromMilliseconds(50));
        var host = builder.Build();
        await host.StartAsync(Cancellation);
        return host;
    }

    private static string[] Lines(IHost host, int id) => [.. host.Services.GetFakeLogCollector().GetSnapshot().Where(record => record.Id.Id == id).Select(record => record.Message)];

    private static async Task<string[]> WhenCheckedAsync(IHost host)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Lines(host, 725).Length == 0)
            await look.WaitForNextTickAsync(limit.Token);
        return Lines(host, 722);
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var dataSource = NpgsqlDataSource.Create(database);
        await using var command = dataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
