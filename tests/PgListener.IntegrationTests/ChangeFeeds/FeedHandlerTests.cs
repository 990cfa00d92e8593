using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PgListener.IntegrationTests.ChangeFeeds;

/// <summary>Changes as an application gets them.</summary>
public sealed class FeedHandlerTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed record Product(int Id);

    private sealed class ProductChanges(Received<string> received) : INotificationHandler<Changes<Product>>, IResyncHandler<Changes<Product>>
    {
        private int _attempts;

        public Task HandleAsync(Notification<Changes<Product>> notification, CancellationToken cancellationToken)
        {
            received.Add($"{notification.Value.Operation} {string.Join(' ', notification.Value.Keys)} on {notification.Channel}");
            return Task.CompletedTask;
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            received.Add($"{resync.Reason}");
            return resync.Reason == ResyncReason.Everything && Interlocked.Increment(ref _attempts) == 1 ? throw new InvalidOperationException("Not now.") : Task.CompletedTask;
        }
    }

    private sealed class Deaf(Received<string> received) : INotificationHandler<Changes<Product>>
    {
        public Task HandleAsync(Notification<Changes<Product>> notification, CancellationToken cancellationToken)
        {
            received.Add($"{notification.Value.Operation}");
            return Task.CompletedTask;
        }
    }

    private Task<FeedScene> ProductsAsync() => FeedScene.CreateAsync(server, "create table products (id int primary key, stock int)", feed => feed.Key("id").MaxKeys(5));

    [Fact]
    public async Task A_handler_gets_changes_and_everything_in_their_order_until_it_succeeds()
    {
        await using var scene = await ProductsAsync();
        var received = new Received<string>();
        await using var host = new TestHost(server.ConnectionString);
        host.Services.AddSingleton(received).AddSingleton<ProductChanges>();
        host.Services.AddPgListener().AddChangeFeed<Product>(scene.Feed).AddHandler<Changes<Product>, ProductChanges>();
        await host.StartListeningAsync();
        Assert.Equal("Started", await received.NextAsync());

        await scene.ExecuteAsync("insert into products values (1); insert into products select i from generate_series(2, 9) i; update products set stock = 1 where id = 2; truncate products; insert into products values (3)");
        Assert.Equal(
            [$"Insert 1 on {scene.Feed.ChannelName}", "Everything", "Everything", $"Update 2 on {scene.Feed.ChannelName}", "Everything", $"Insert 3 on {scene.Feed.ChannelName}"],
            await received.NextAsync(6, seconds: 20));

        // Nothing was missed, so it is no gap in the statistics.
        var statistics = Assert.Single(host.Listener.GetStatistics());
        Assert.Equal((0L, null, 5L), (statistics.Gaps, statistics.LastGap, statistics.Received));
    }

    [Fact]
    public async Task A_stream_has_everything_as_an_item_in_its_place()
    {
        await using var scene = await ProductsAsync();
        await using var host = new TestHost(server.ConnectionString);
        host.Services.AddPgListener().AddChangeFeed<Product>(scene.Feed);
        await host.StartListeningAsync();
        await using var items = host.Listener.ReadItemsAsync<Changes<Product>>(cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await items.MoveNextAsync().AsTask().SoonAsync());
        Assert.Equal(ResyncReason.Started, items.Current.Resync!.Reason);

        await scene.ExecuteAsync("insert into products values (1); truncate products; insert into products values (2)");
        Assert.True(await items.MoveNextAsync().AsTask().SoonAsync());
        Assert.Equal(ChangeKey.Of(1), Assert.Single(items.Current.Notification.Value.Keys));
        Assert.True(await items.MoveNextAsync().AsTask().SoonAsync());
        Assert.True(items.Current.IsGap(out var gap));
        Assert.Equal((ResyncReason.Everything, 0L), (gap.Reason, gap.Dropped));
        Assert.InRange(gap.Until - gap.Since!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1)); // Nothing lies in it.
        Assert.True(await items.MoveNextAsync().AsTask().SoonAsync());
        Assert.Equal(2, items.Current.Notification.Value.Keys[0].GetInt32());
    }

    [Fact]
    public async Task A_handler_that_does_not_hear_of_everything_is_named_once()
    {
        await using var scene = await ProductsAsync();
        var received = new Received<string>();
        await using var host = new TestHost(server.ConnectionString);
        host.Services.AddSingleton(received);
        host.Services.AddPgListener().AddChangeFeed<Product>(scene.Feed).AddHandler<Changes<Product>, Deaf>();
        await host.StartListeningAsync();
        await scene.ExecuteAsync("truncate products; truncate products; insert into products values (1)");
        Assert.Equal("Insert", await received.NextAsync());
        Assert.Contains("Deaf", Assert.Single(host.Lines(720)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prefix_applies_to_the_trigger_and_to_the_handler()
    {
        await using var scene = await ProductsAsync();
        var feed = scene.Feed.ChannelPrefix("here:");
        await scene.ExecuteAsync(feed.Script);
        var received = new Received<string>();
        await using var host = new TestHost(server.ConnectionString);
        host.Configuration["PgListener:ChannelPrefix"] = "here:";
        host.Services.AddSingleton(received).AddSingleton<ProductChanges>();
        host.Services.AddPgListener().AddChangeFeed<Product>(feed).AddHandler<Changes<Product>, ProductChanges>();
        await host.StartListeningAsync();
        Assert.Equal("Started", await received.NextAsync());
        await scene.ExecuteAsync("insert into products values (1)");
        Assert.Equal($"Insert 1 on {scene.Feed.ChannelName}", await received.NextAsync());
        Assert.Empty(host.Lines(722));
    }

    [Fact]
    public async Task A_handler_or_stream_without_a_feed_is_an_error_that_names_both_remedies()
    {
        await using var host = new TestHost(server.ConnectionString);
        host.Services.AddSingleton(new Received<string>());
        host.Services.AddPgListener().AddHandler<Changes<Product>, Deaf>();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);
        Assert.Contains("Handler Deaf handles Changes<Product>.", error.Message, StringComparison.Ordinal);
        Assert.Contains("AddChangeFeed<Product>(", error.Message, StringComparison.Ordinal);
        Assert.Contains("AddChangeFeeds<TContext>()", error.Message, StringComparison.Ordinal);

        await using var other = new TestHost(server.ConnectionString);
        other.Services.AddPgListener();
        await other.StartAsync();
        Assert.Contains("AddChangeFeed<Product>(", Assert.Throws<InvalidOperationException>(() => { _ = other.Listener.ReadAllAsync<Changes<Product>>(cancellationToken: Cancellation); }).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => other.Listener.SubscribeAsync<Changes<Product>>((_, _) => Task.CompletedTask, cancellationToken: Cancellation));
    }
}
