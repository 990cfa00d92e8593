using System.Diagnostics;
using System.Globalization;
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
    public async Task It_brings_what_others_notify_and_leaves_out_what_is_malformed()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        using var stream = await EventStream.OpenLiveAsync(shop.Client);

        foreach (var malformed in new[] { "", "{", "null", "[]", "hello", "{}", """{"id":"x"}""", """{"id":1,"product":null,"quantity":1,"placedAt":"2026-01-01T00:00:00Z"}""" })
            await data.NotifyAsync(malformed);
        await data.NotifyAsync("""{"id":7,"product":"From psql\n\nevent: hello","quantity":2,"placedAt":"2026-01-01T00:00:00Z"}""");

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
    public async Task It_survives_the_loss_of_the_listeners_connection_and_announces_the_gap()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data, SlowReconnect);
        using var stream = await EventStream.OpenLiveAsync(shop.Client);
        var before = await shop.PlaceAsync();
        Assert.Equal(before.Id, (await stream.NextAsync("order")).GetProperty("id").GetInt64());

        await data.TerminateListenerAsync();
        await Eventually.GetAsync(() => Task.FromResult(shop.Listener.State), state => state == ListenerState.Reconnecting);
        await shop.PlaceAsync();
        Assert.Equal(ListenerState.Reconnecting, shop.Listener.State);

        await stream.UntilAsync("status", status => status.GetProperty("state").GetString() == "Reconnecting");
        Assert.Equal("Reconnected", (await stream.NextAsync("resync")).GetProperty("reason").GetString());
        var after = await shop.PlaceAsync();
        Assert.Equal(after.Id, (await stream.NextAsync("order")).GetProperty("id").GetInt64());
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
    public async Task A_browser_that_does_not_read_is_told_of_the_gap_in_its_place_and_holds_up_nobody()
    {
        const int Flood = 3_500; // Less than the handler's queue holds, in notifications and in bytes.
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartOnPortAsync(data, static services => services.Configure<KestrelServerOptions>(static server => server.Limits.MinResponseDataRate = null));
        using var slowClient = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectWithSmallBufferAsync }) { BaseAddress = shop.Client.BaseAddress };
        using var slow = await EventStream.OpenLiveAsync(slowClient);
        using var quick = await EventStream.OpenLiveAsync(shop.Client);

        await data.QueryAsync<long>(
            "select count(pg_notify('order_placed', json_build_object('id', i, 'product', repeat('x', 2000), 'quantity', 1, 'placedAt', now())::text)) from generate_series(1, $1) i", Flood);
        await quick.UntilAsync("order", order => order.GetProperty("id").GetInt32() == 1);
        await Eventually.GetAsync(() => Task.FromResult(Browsers().Sum(one => one.Received)), received => received == 2 * Flood);

        var order = 0;
        Assert.Equal("Overflow", (await slow.NextAsync("resync", seen => order = seen.GetProperty("id").GetInt32())).GetProperty("reason").GetString());
        Assert.InRange(order, 1000, Flood - 1);
        await shop.PlaceAsync("After");
        await slow.UntilAsync("order", seen => seen.GetProperty("product").GetString() == "After");

        IEnumerable<SubscriptionStatistics> Browsers() => shop.Listener.GetStatistics().Where(one => one.Name == "A browser");

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
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), watch.Elapsed.ToString("c", CultureInfo.InvariantCulture));
    }
}
