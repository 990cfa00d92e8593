using System.Diagnostics;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PgListener;

namespace WebApi.Tests;

public sealed class StreamTests(TestDatabase database)
{
    private static readonly (string, string) SlowReconnect = ("PgListener:ReconnectDelay", "00:00:01.5");

    [Fact]
    public async Task It_says_at_once_what_the_state_is_and_that_orders_are_to_be_read()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        using var stream = await EventStream.OpenAsync(shop.Client);

        var first = await stream.NextAsync();
        var resync = await stream.NextAsync("resync");

        Assert.Equal(("status", "Listening"), (first?.EventType, JsonElement.Parse(first!.Value.Data).GetProperty("state").GetString()));
        Assert.Equal("Started", resync.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task It_brings_each_order_to_everyone_in_the_order_of_the_commits()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        using var one = await EventStream.OpenLiveAsync(shop.Client);
        using var other = await EventStream.OpenLiveAsync(shop.Client);

        for (var i = 1; i <= 20; i++)
            await shop.PlaceAsync("Tea", i);

        for (var i = 1; i <= 20; i++)
        {
            Assert.Equal(i, (await one.NextAsync("order")).GetProperty("quantity").GetInt32());
            Assert.Equal(i, (await other.NextAsync("order")).GetProperty("quantity").GetInt32());
        }
    }

    [Fact]
    public async Task It_brings_what_others_publish_and_leaves_out_what_is_malformed()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        using var stream = await EventStream.OpenLiveAsync(shop.Client);

        foreach (var malformed in new[] { "", "{", "null", "[]", "hello", "{}", """{"id":"x"}""", """{"id":1,"product":null,"quantity":1,"placedAt":"2026-01-01T00:00:00Z"}""" })
            await data.PublishAsync(malformed);
        await data.PublishAsync("""{"id":7,"product":"From psql\n\nevent: hello","quantity":2,"placedAt":"2026-01-01T00:00:00Z"}""");

        var order = await stream.NextAsync("order");
        Assert.Equal(7, order.GetProperty("id").GetInt64());
        Assert.Equal("From psql\n\nevent: hello", order.GetProperty("product").GetString());
    }

    [Fact]
    public async Task It_brings_the_handlers_results()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        using var stream = await EventStream.OpenLiveAsync(shop.Client);

        await shop.PlaceAsync("Tea", 3);

        await stream.UntilAsync("status", status => status.GetProperty("products").GetRawText() == """[{"product":"Tea","orders":1,"quantity":3}]""");
    }

    [Fact]
    public async Task It_survives_the_loss_of_the_listeners_connection_and_misses_nothing()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data, SlowReconnect);
        using var stream = await EventStream.OpenLiveAsync(shop.Client);
        var before = await shop.PlaceAsync();
        Assert.Equal(before.Id, (await stream.NextAsync("order")).GetProperty("id").GetInt64());

        await data.TerminateListenerAsync();
        await Eventually.GetAsync(() => Task.FromResult(shop.Listener.State), state => state == ListenerState.Reconnecting);
        var meanwhile = await shop.PlaceAsync();
        var after = await shop.PlaceAsync();

        Assert.Equal(meanwhile.Id, (await stream.NextAsync("order")).GetProperty("id").GetInt64());
        Assert.Equal(after.Id, (await stream.NextAsync("order")).GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task A_browser_that_comes_back_gets_what_it_missed_once_and_in_order_from_any_instance()
    {
        await using var data = await database.CreateAsync();
        await using var one = await Shop.StartAsync(data);
        await using var other = await Shop.StartAsync(data);
        await one.PlaceAsync("Before it came");
        var first = await EventStream.OpenLiveAsync(one.Client);
        var began = first.LastEventId;
        for (var i = 1; i <= 3; i++)
            await one.PlaceAsync(quantity: i);
        for (var i = 1; i <= 2; i++)
            Assert.Equal(i, (await first.NextAsync("order")).GetProperty("quantity").GetInt32());
        first.Dispose();
        await other.PlaceAsync(quantity: 4);

        using var second = await EventStream.OpenAsync(other.Client, first.LastEventId);
        await one.PlaceAsync(quantity: 5);
        await ExpectAsync(second, 3, 4, 5);

        // Also one that had got no order yet.
        using var third = await EventStream.OpenAsync(one.Client, began);
        await ExpectAsync(third, 1, 2, 3, 4, 5);

        static async Task ExpectAsync(EventStream stream, params int[] quantities)
        {
            foreach (var quantity in quantities)
            {
                SseItem<string>? item;
                do
                    item = await stream.NextAsync();
                while (item?.EventType == "status");
                Assert.Equal(("order", quantity), (item?.EventType, JsonElement.Parse(item!.Value.Data).GetProperty("quantity").GetInt32()));
            }
        }
    }

    [Theory]
    [InlineData("42")]
    [InlineData("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA")]
    public async Task A_browser_with_an_id_from_elsewhere_is_told_to_read_the_orders(string lastEventId)
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        using var stream = await EventStream.OpenAsync(shop.Client, lastEventId);

        Assert.Equal("Started", (await stream.NextAsync("resync")).GetProperty("reason").GetString());
        await shop.PlaceAsync(quantity: 7);
        Assert.Equal(7, (await stream.NextAsync("order")).GetProperty("quantity").GetInt32());
    }

    [Fact]
    public async Task It_begins_while_the_listener_reconnects_and_goes_live_with_it()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data, SlowReconnect);
        await data.TerminateListenerAsync();
        await Eventually.GetAsync(() => Task.FromResult(shop.Listener.State), state => state == ListenerState.Reconnecting);

        using var stream = await EventStream.OpenAsync(shop.Client);

        Assert.Equal("Reconnecting", (await stream.NextAsync("status")).GetProperty("state").GetString());
        Assert.Equal(ListenerState.Reconnecting, shop.Listener.State);
        await stream.NextAsync("resync");
        await shop.PlaceAsync();
        await stream.NextAsync("order");
    }

    [Fact]
    public async Task A_browser_that_does_not_read_misses_nothing_and_holds_up_nobody()
    {
        const int Flood = 5_000;
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data, static services => services.Configure<KestrelServerOptions>(static server => server.Limits.MinResponseDataRate = null));
        using var slowClient = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectWithSmallBufferAsync }) { BaseAddress = shop.Client.BaseAddress };
        using var slow = await EventStream.OpenLiveAsync(slowClient);
        using var quick = await EventStream.OpenLiveAsync(shop.Client);

        for (var first = 1; first < Flood; first += 500)
        {
            await data.QueryAsync<long>(
                "select count(pglistener.publish('live_order', json_build_object('id', i, 'product', repeat('x', 2000), 'quantity', 1, 'placedAt', now())::text)) from generate_series($1, $1 + 499) i", first);
        }

        await quick.UntilAsync("order", order => order.GetProperty("id").GetInt32() == Flood);
        for (var id = 1; id <= Flood; id++)
            Assert.Equal(id, (await slow.NextAsync("order")).GetProperty("id").GetInt32());
        Assert.Equal(0, shop.Listener.GetStatistics().Where(one => one.Name == "A browser").Sum(one => one.Dropped + one.Gaps));

        static async ValueTask<Stream> ConnectWithSmallBufferAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 16 * 1024 };
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
    }

    [Fact]
    public async Task A_browser_that_leaves_leaves_nothing_behind()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        var streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => EventStream.OpenLiveAsync(shop.Client)));
        Assert.Equal(20, Browsers());

        foreach (var stream in streams)
            stream.Dispose();

        await Eventually.GetAsync(() => Task.FromResult(Browsers()), browsers => browsers == 0);

        int Browsers() => shop.Listener.GetStatistics().Count(one => one.Name == "A browser");
    }

    [Fact]
    public async Task It_does_not_hold_up_the_stopping_of_the_host()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data);
        using var stream = await EventStream.OpenLiveAsync(shop.Client);
        var lifetime = shop.Services.GetRequiredService<IHostApplicationLifetime>();
        var stopped = new TaskCompletionSource();
        using var registration = lifetime.ApplicationStopped.Register(stopped.SetResult);

        var watch = Stopwatch.StartNew();
        lifetime.StopApplication();
        while (await stream.NextAsync() is not null)
        {
            // What is still on its way.
        }

        await stopped.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), watch.Elapsed.ToString("c", CultureInfo.InvariantCulture));
    }
}
