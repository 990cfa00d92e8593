using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace PgListener.Durable.Tests.Streams;

/// <summary>Streams as an application reads them.</summary>
public partial class StreamTests(ServerFixture server)
{
    [Fact]
    public async Task It_begins_now_and_has_every_message_from_then_on()
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await app.PublishAsync(1, 2);
        await using var reading = await app.ReadFromNowAsync();
        await app.PublishAsync(3);
        await app.ExecuteAsync("select pglistener.publish('order_placed', '{\"id\":4,\"customer\":\"c\"}', key => 'c', headers => '{\"a\":\"b\"}')");

        Assert.Equal(3, (await reading.NextAsync()).Value.Id);
        var last = await reading.NextAsync();
        Assert.Equal(new OrderPlaced(4, "c"), last.Value);
        Assert.Equal(("order_placed", "c", 1, "b"), (last.Channel, last.Message!.Key, last.Message.Attempt, last.Message.Headers["a"]));
        Assert.InRange(DateTimeOffset.UtcNow - last.Message.PublishedAt, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => last.Message.EnlistAsync(null!, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task It_is_read_without_gaps_too()
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        var started = new TaskCompletionSource<Resync>();
        var options = new SubscriptionOptions { OnResync = (resync, _) => Task.FromResult(started.TrySetResult(resync)) };
        await using var orders = app.Listener.ReadAllAsync<OrderPlaced>(options, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var next = orders.MoveNextAsync();
        Assert.Equal(ResyncReason.Started, (await started.Task.WaitAsync(Reading<OrderPlaced>.Limit, TestContext.Current.CancellationToken)).Reason);

        await app.PublishAsync(1);
        Assert.True(await next);
        Assert.Equal(1, orders.Current.Value.Id);
    }

    [Fact]
    public async Task It_goes_on_in_the_middle_of_a_window_in_another_instance()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await StreamingApp.StartAsync(database);
        await using var other = await StreamingApp.StartAsync(database);
        var first = await one.ReadFromNowAsync();
        await one.PublishTogetherAsync(1, 5);
        Assert.Equal([1L, 2L], (await first.NextAsync(2)).Select(order => order.Id));
        Assert.Matches(Token(), first.Position);
        await first.DisposeAsync();

        await one.PublishTogetherAsync(6, 8);
        await using var second = other.Read(first.Position);
        Assert.Equal([3L, 4, 5, 6, 7, 8], (await second.NextAsync(6)).Select(order => order.Id));
        await one.PublishAsync(9);
        Assert.Equal(9, (await second.NextAsync()).Value.Id);

        // Each message's position is where that message's follower is.
        await using var third = other.Read(second.Position);
        await one.PublishAsync(10);
        Assert.Equal(10, (await third.NextAsync()).Value.Id);
    }

    [Fact]
    public async Task It_has_what_was_committed_late()
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await using var late = await Session.OpenAsync(app.DataSource);
        await using var live = await app.ReadFromNowAsync();
        await late.BeginAsync();
        await PublishLateAsync(1); // Its number is drawn now, and it is visible later.
        await app.PublishAsync(2);
        Assert.Equal(2, (await live.NextAsync()).Value.Id);
        var position = live.Position;
        await late.CommitAsync();

        Assert.Equal(1, (await live.NextAsync()).Value.Id);
        await using var again = app.Read(position);
        Assert.Equal(1, (await again.NextAsync()).Value.Id);
        await app.PublishAsync(3);
        Assert.Equal((3, 3), ((await live.NextAsync()).Value.Id, (await again.NextAsync()).Value.Id));

        async Task PublishLateAsync(long id)
        {
            await using var command = late.Connection.CreateCommand();
            command.CommandText = string.Create(CultureInfo.InvariantCulture, $"select pglistener.publish('order_placed', '{{\"id\":{id}}}')");
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_slow_reader_gets_everything_in_order_and_holds_nobody_up()
    {
        const int Count = 3_000;
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync(), options => options.PageSize = 50);
        await using var slow = await app.ReadFromNowAsync(capacity: 10);
        await using var quick = await app.ReadFromNowAsync(capacity: 10_000);
        await app.PublishTogetherAsync(1, 100);
        Assert.Equal(1, (await slow.NextAsync()).Value.Id);
        for (var first = 101; first < Count; first += 100)
            await app.PublishTogetherAsync(first, first + 99);

        Assert.Equal(Enumerable.Range(1, Count).Select(id => (long)id), (await quick.NextAsync(Count)).Select(order => order.Id));
        Assert.InRange(app.Listener.GetStatistics().Single(one => one.QueueCapacity == 10).Queued, 0, 50);
        Assert.Equal(Enumerable.Range(2, Count - 1).Select(id => (long)id), (await slow.NextAsync(Count - 1)).Select(order => order.Id));
        await app.PublishAsync(Count + 1);
        Assert.Equal(Count + 1, (await slow.NextAsync()).Value.Id);
        Assert.Equal(0, app.Listener.GetStatistics().Sum(one => one.Dropped + one.Gaps));
    }

    [Fact]
    public async Task Channels_do_not_mix()
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await using var orders = await app.ReadFromNowAsync();
        await using var shipped = app.Read<Shipped>();
        await shipped.NextGapAsync();
        await app.PublishAsync(1);
        await app.Publisher.PublishAsync(new Shipped(2), TestContext.Current.CancellationToken);
        await app.PublishAsync(3);
        Assert.Equal([1L, 3L], (await orders.NextAsync(2)).Select(order => order.Id));
        Assert.Equal(2, (await shipped.NextAsync()).Value.Id);

        // A position belongs to its channel.
        await using var other = app.Read<Shipped>(orders.Position);
        Assert.Equal(ResyncReason.Started, (await other.NextGapAsync()).Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("not a position")]
    [InlineData("AQAAAAAAAAAAAQAA")]
    [InlineData("\u00fc")]
    public async Task A_position_that_is_none_here_begins_now_and_says_so(string position)
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await app.PublishAsync(1);
        await using var reading = app.Read(position);
        Assert.Equal(ResyncReason.Started, (await reading.NextGapAsync()).Reason);
        await app.PublishAsync(2);
        Assert.Equal(2, (await reading.NextAsync()).Value.Id);
        Assert.Single(app.Log.GetSnapshot(), line => line.Id.Id == 635);
    }

    [Fact]
    public async Task A_position_of_another_database_begins_now()
    {
        await using var there = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await using var here = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await using var elsewhere = await there.ReadFromNowAsync();
        await using var reading = here.Read(elsewhere.Position);
        Assert.Equal(ResyncReason.Started, (await reading.NextGapAsync()).Reason);
    }

    [Fact]
    public async Task The_stop_of_the_host_ends_it_and_a_cancellation_is_thrown()
    {
        var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        await using var live = await app.ReadFromNowAsync();
        var end = live.MoveAsync();
        using var cancel = new CancellationTokenSource();
        await using var cancelled = app.Listener.ReadAllAsync<OrderPlaced>(cancellationToken: cancel.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var next = cancelled.MoveNextAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        Assert.False(end.IsCompleted);

        await app.StopAsync();
        Assert.False(await end);
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Without_durable_channels_the_error_says_what_to_add()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddPgListener(connectionString: "Host=nowhere");
        using var host = builder.Build();

        var error = Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<IPgListener>().ReadAllAsync<OrderPlaced>(cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("AddDurableChannels()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plain_channel_has_no_positions()
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        var options = new SubscriptionOptions { StartAfter = "x" };

        Assert.Throws<ArgumentException>(() => app.Listener.ReadItemsAsync<Ping>(options, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.Listener.ReadAllAsync("ping", options, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken).MoveNextAsync());
        await Assert.ThrowsAsync<ArgumentException>(() => app.Listener.SubscribeAsync("ping", (_, _) => Task.CompletedTask, options, TestContext.Current.CancellationToken));
        Assert.Throws<NotSupportedException>(() => { _ = app.Listener.SubscribeAsync<OrderPlaced>((_, _) => Task.CompletedTask, cancellationToken: TestContext.Current.CancellationToken); });
    }

    [Fact]
    public async Task A_stream_that_has_ended_leaves_nothing_behind()
    {
        await using var app = await StreamingApp.StartAsync(await server.CreateDatabaseAsync());
        var one = await app.ReadFromNowAsync();
        var other = await app.ReadFromNowAsync();
        Assert.Equal(2, app.Listener.GetStatistics().Count(stream => stream.Name == "A test"));
        await one.DisposeAsync();
        await app.PublishAsync(1);
        Assert.Equal(1, (await other.NextAsync()).Value.Id);
        await other.DisposeAsync();
        Assert.Empty(app.Listener.GetStatistics());

        await using var again = app.Read(other.Position);
        await app.PublishAsync(2);
        Assert.Equal(2, (await again.NextAsync()).Value.Id);
    }

    /// <summary>Fits into a header, a URL and a line of a server-sent event.</summary>
    [GeneratedRegex("^[A-Za-z0-9_-]{20,100}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();

    private sealed record Ping(long Id) : IJsonNotificationChannel<Ping>
    {
        public static string ChannelName => "ping";
    }
}
