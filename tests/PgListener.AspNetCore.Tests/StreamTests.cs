using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

public sealed class StreamTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task It_brings_everything_at_once_and_then_the_status_every_second()
    {
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);
        using var watcher = await Watcher.OpenAsync(site);

        var first = await watcher.NextAsync("status");
        var timeline = await watcher.NextAsync("timeline");
        Assert.Equal(0, Received(first));
        Assert.False(first.TryGetProperty("timeline", out _));
        Assert.Equal("State", timeline[0].GetProperty("kind").GetString());

        for (var i = 1; i <= 3; i++)
        {
            listener.Update(0, one => one with { Received = i });
            site.Time.Advance(Second);
            var next = await watcher.NextAsync("status");
            Assert.Equal(i, Received(next));
            Assert.Equal(Site.Start.AddSeconds(i), next.GetProperty("time").GetDateTimeOffset());
        }

        static long Received(System.Text.Json.JsonElement status)
            => status.GetProperty("listeners")[0].GetProperty("subscriptions")[0].GetProperty("received").GetInt64();
    }

    [Fact]
    public async Task It_brings_the_time_line_again_when_something_has_happened()
    {
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(listener);
        using var watcher = await Watcher.OpenLiveAsync(site);

        listener.Update(0, one => one with { Failed = 3 });
        site.Time.Advance(Second);

        await watcher.NextAsync("status");
        var timeline = await watcher.NextAsync("timeline");
        Assert.Equal(("Failed", 3), (timeline[1].GetProperty("kind").GetString(), timeline[1].GetProperty("count").GetInt32()));
        site.Time.Advance(Second);
        await watcher.NextAsync("status");
        site.Time.Advance(Second);
        await watcher.NextAsync("status");
    }

    [Fact]
    public async Task All_watchers_share_one_look()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);
        var watchers = new Watcher[5];
        for (var i = 0; i < watchers.Length; i++)
            watchers[i] = await Watcher.OpenLiveAsync(site);
        var before = listener.Looks;

        for (var i = 0; i < 3; i++)
        {
            site.Time.Advance(Second);
            foreach (var watcher in watchers)
                await watcher.NextAsync("status");
        }

        Assert.Equal(3, listener.Looks - before);
        Assert.Equal(1, site.Time.Timers);
        foreach (var watcher in watchers)
            watcher.Dispose();
    }

    [Fact]
    public async Task Nothing_runs_while_nobody_watches()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);
        await site.StatusAsync();
        Assert.Equal(0, site.Time.Timers);

        for (var round = 0; round < 3; round++)
        {
            using (await Watcher.OpenLiveAsync(site))
            using (await Watcher.OpenLiveAsync(site))
                Assert.Equal(1, site.Time.Timers);
            await Eventually.GetAsync(() => Task.FromResult(site.Time.Timers), timers => timers == 0);

            var looks = listener.Looks;
            site.Time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(looks, listener.Looks);
        }
    }

    [Fact]
    public async Task It_ends_when_the_host_stops_and_does_not_hold_it_up()
    {
        await using var site = await Site.StartAsync(new FakeListener());
        using var watcher = await Watcher.OpenLiveAsync(site);
        using var other = await Watcher.OpenLiveAsync(site);

        var watch = Stopwatch.StartNew();
        var stop = site.App.StopAsync(TestContext.Current.CancellationToken);
        Assert.Null(await watcher.NextAsync());
        Assert.Null(await other.NextAsync());
        await stop.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

        Assert.True(watch.Elapsed < Second, watch.Elapsed.ToString("c", CultureInfo.InvariantCulture));
        Assert.Equal(0, site.Time.Timers);
    }

    [Fact]
    public async Task A_watcher_who_does_not_read_holds_up_neither_the_others_nor_the_stop()
    {
        var listener = new FakeListener();
        for (var i = 0; i < 400; i++)
            listener.Subscribe(new string('x', 200), $"{i} {new string('y', 200)}");
        await using var site = await Site.StartAsync(listener);
        using var stuck = new TcpClient { ReceiveBufferSize = 4096 };
        await stuck.ConnectAsync(site.Page.Host, site.Page.Port, TestContext.Current.CancellationToken);
        await stuck.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /pg-listener/events HTTP/1.1\r\nHost: {site.Page.Authority}\r\n\r\n"), TestContext.Current.CancellationToken);
        await Eventually.GetAsync(() => Task.FromResult(site.Time.Timers), timers => timers == 1);
        using var watcher = await Watcher.OpenLiveAsync(site);

        for (var i = 0; i < 50; i++)
        {
            site.Time.Advance(Second);
            await watcher.NextAsync("status");
        }

        var watch = Stopwatch.StartNew();
        await site.App.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), watch.Elapsed.ToString("c", CultureInfo.InvariantCulture));
        Assert.Equal(0, site.Time.Timers);
    }

    [Fact]
    public async Task A_listener_that_cannot_be_looked_at_ends_the_stream_and_not_the_process()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);
        using var watcher = await Watcher.OpenLiveAsync(site);

        listener.Failure = new InvalidOperationException("broken");
        site.Time.Advance(Second);
        await Assert.ThrowsAnyAsync<Exception>(watcher.NextAsync);
        await Eventually.GetAsync(() => Task.FromResult(site.Time.Timers), timers => timers == 0);

        listener.Failure = null;
        using var again = await Watcher.OpenLiveAsync(site);
    }
}
