using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PgListener;

namespace WebApi.Tests;

public sealed class StreamTests(TestDatabase database)
{
    private static readonly (string, string) SlowReconnect = ("PgListener:ReconnectDelay", "00:00:01.5");

    [Fact]
    public async Task It_says_hello_at_once_and_then_what_the_state_is()
    {
        await using var data = await database.CreateAsync();
        await using var shop = await Shop.StartAsync(data);
        using var stream = await EventStream.OpenAsync(shop.Client);

        var hello = await stream.NextAsync();
        var resync = await stream.NextAsync("resync");

        Assert.Equal(("hello", """{"state":"Listening"}"""), (hello?.EventType, hello?.Data));
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
        Assert.Equal(0, (await stream.NextAsync("sales")).GetArrayLength());

        await shop.PlaceAsync("Tea", 3);

        Assert.Equal("""[{"product":"Tea","orders":1,"quantity":3}]""", (await stream.NextAsync("sales")).GetRawText());
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

        Assert.Equal("""{"state":"Reconnecting"}""", (await stream.NextAsync())?.Data);
        await stream.NextAsync("resync");
        await shop.PlaceAsync();
        await stream.NextAsync("order");
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
