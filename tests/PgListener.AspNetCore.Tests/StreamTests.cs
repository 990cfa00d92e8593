using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
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
    public async Task Those_who_come_share_the_look_of_those_who_are_there()
    {
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(services => Site.Add(services, listener), static app =>
        {
            app.MapPgListener();
            app.MapPgListener("/other");
        });
        using var first = await Watcher.OpenLiveAsync(site);
        var before = listener.Looks;

        var watchers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Watcher.OpenAsync(site, i % 2 == 0 ? "/pg-listener" : "/other")));
        foreach (var watcher in watchers)
        {
            await watcher.NextAsync("status");
            await watcher.NextAsync("timeline");
        }

        Assert.Equal(0, listener.Looks - before);
        site.Time.Advance(Second);
        foreach (var watcher in watchers)
        {
            await watcher.NextAsync("status");
            watcher.Dispose();
        }

        Assert.Equal(1, listener.Looks - before);
    }

    [Fact]
    public async Task Many_who_ask_for_the_document_at_once_share_looks_that_are_no_older_than_their_questions()
    {
        using var gate = new ManualResetEventSlim();
        var arrived = 0;
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(services => Site.Add(services, listener), app =>
        {
            app.Use((context, next) =>
            {
                Interlocked.Increment(ref arrived);
                return next(context);
            });
            app.MapPgListener();
        });
        await site.StatusAsync();
        var before = listener.Looks;

        listener.Gate = gate;
        var first = site.StatusAsync();
        await Eventually.GetAsync(() => Task.FromResult(listener.Looks), looks => looks > before);
        listener.Update(0, one => one with { Received = 7 });
        var others = Enumerable.Range(0, 40).Select(_ => site.StatusAsync()).ToArray();
        await Eventually.GetAsync(() => Task.FromResult(Volatile.Read(ref arrived)), count => count == 42);
        gate.Set();

        await first;
        Assert.All(await Task.WhenAll(others), document => Assert.Equal(7, Received(document)));
        Assert.InRange(listener.Looks - before, 2, 8);
    }

    [Fact]
    public async Task A_look_that_takes_long_keeps_no_listener_from_telling_its_state()
    {
        using var gate = new ManualResetEventSlim();
        var listener = new FakeListener();
        await using var site = await Site.StartAsync(listener);
        listener.Gate = gate;
        var looking = site.StatusAsync();
        await Eventually.GetAsync(() => Task.FromResult(listener.Looks), looks => looks > 0);

        await Task.Run(() => listener.Move(ListenerState.Reconnecting, Site.Start.AddSeconds(1)), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        gate.Set();
        await looking;
        Assert.Equal(["Listening", "Reconnecting"], (await site.TimelineAsync()).Select(one => one.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task There_is_room_for_so_many_watchers_and_who_comes_next_is_told_when_to_try_again()
    {
        await using var site = await Site.StartAsync(
            static services => Site.Add(services, new FakeListener()), static app => app.MapPgListener(configure: static page => page.MaxWatchers = 2));
        using var one = await Watcher.OpenLiveAsync(site);
        var other = await Watcher.OpenLiveAsync(site);

        using (var refused = await site.SendAsync("GET", "/pg-listener/events"))
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (refused.StatusCode, refused.Content.Headers.ContentType?.MediaType));
            Assert.InRange(refused.Headers.RetryAfter?.Delta ?? default, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
            Assert.Equal("no-store", refused.Headers.CacheControl?.ToString());
            var detail = JsonElement.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("detail").GetString();
            Assert.Contains("MaxWatchers", detail, StringComparison.Ordinal);
        }

        await site.StatusAsync();
        site.Time.Advance(Second);
        await one.NextAsync("status");

        other.Dispose();
        await Eventually.GetAsync(
            async () =>
            {
                using var response = await site.SendAsync("GET", "/pg-listener/events");
                return response.StatusCode;
            },
            status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_hundred_may_watch_unless_the_application_says_otherwise()
    {
        await using var site = await Site.StartAsync(new FakeListener());
        var watchers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Watcher.OpenAsync(site)));

        using var refused = await site.SendAsync("GET", "/pg-listener/events");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        foreach (var watcher in watchers)
            watcher.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(10_001)]
    public async Task A_number_of_watchers_out_of_range_fails_where_it_is_set(int watchers)
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        var error = Assert.Throws<ArgumentException>(() => app.MapPgListener(configure: page => page.MaxWatchers = watchers));

        Assert.Contains("MaxWatchers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_does_not_read_makes_room_for_others_after_a_while()
    {
        var listener = new FakeListener();
        for (var i = 0; i < 400; i++)
            listener.Subscribe(new string('x', 200), $"{i} {new string('y', 200)}");
        await using var site = await Site.StartAsync(services => Site.Add(services, listener), static app => app.MapPgListener(configure: static page => page.MaxWatchers = 1));
        using var stuck = await OpenStuckAsync(site);

        var answer = await Eventually.GetAsync(
            async () =>
            {
                site.Time.Advance(Second);
                using var response = await site.SendAsync("GET", "/pg-listener/events");
                return response.StatusCode;
            },
            status => status == HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.OK, answer);
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

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), watch.Elapsed.ToString("c", CultureInfo.InvariantCulture));
        Assert.Equal(0, site.Time.Timers);
    }

    [Fact]
    public async Task A_watcher_who_does_not_read_holds_up_neither_the_others_nor_the_stop()
    {
        var listener = new FakeListener();
        for (var i = 0; i < 400; i++)
            listener.Subscribe(new string('x', 200), $"{i} {new string('y', 200)}");
        await using var site = await Site.StartAsync(listener);
        using var stuck = await OpenStuckAsync(site);
        using var watcher = await Watcher.OpenLiveAsync(site);

        for (var i = 0; i < 25; i++) // It is cut off after 30.
        {
            site.Time.Advance(Second);
            await watcher.NextAsync("status");
        }

        var watch = Stopwatch.StartNew();
        await site.App.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), watch.Elapsed.ToString("c", CultureInfo.InvariantCulture));
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

    /// <summary>A watcher who asks and then reads nothing.</summary>
    private static async Task<TcpClient> OpenStuckAsync(Site site)
    {
        var stuck = new TcpClient { ReceiveBufferSize = 4096 };
        await stuck.ConnectAsync(site.Page.Host, site.Page.Port, TestContext.Current.CancellationToken);
        await stuck.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /pg-listener/events HTTP/1.1\r\nHost: {site.Page.Authority}\r\n\r\n"), TestContext.Current.CancellationToken);
        await Eventually.GetAsync(() => Task.FromResult(site.Time.Timers), timers => timers == 1);
        return stuck;
    }

    private static long Received(JsonElement status)
        => status.GetProperty("listeners")[0].GetProperty("subscriptions")[0].GetProperty("received").GetInt64();
}
