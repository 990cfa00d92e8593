using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

/// <summary>What the page shows of durable channels, and what that costs.</summary>
public sealed class DurableStatusTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Without_durable_channels_nothing_is_said_of_them()
    {
        await using var site = await Site.StartAsync(new FakeListener());
        using var watcher = await Watcher.OpenLiveAsync(site);

        Assert.False((await site.StatusAsync()).TryGetProperty("durable", out _));
        for (var i = 0; i < 3; i++)
        {
            site.Time.Advance(Second);
            await watcher.NextAsync("status");
        }
    }

    [Fact]
    public async Task The_document_has_the_form_that_is_documented()
    {
        var durable = new FakeDurable();
        durable.Status = new() { LogBytes = 1_234_567 };
        durable.Add("order_placed", "Billing", FakeDurable.Shard(0, waiting: 12, seconds: 3.5) with
        {
            Holder = new("shop-1/412", 7001, "Shop", "10.0.0.7"),
            PositionAt = Site.Start.AddSeconds(-2),
            Retries = 2,
            DeadLetters = 1,
            OldestDeadLetter = Site.Start.AddHours(-1),
            BlockedSince = Site.Start.AddSeconds(-30),
            BlockedMessage = 17,
        });
        durable.Update(0, one => one with { PausedSince = Site.Start.AddSeconds(-9) });
        durable.Parked.Add(Letter(durable, 4, "System.TimeoutException", "secret text"));
        await using var site = await StartAsync(durable);

        var document = await site.StatusAsync();

        AssertJson(
            """
            [{
              "listener": "", "readAt": "2026-05-04T10:00:00+00:00", "problem": null, "logBytes": 1234567,
              "subscriptions": [{
                "channel": "order_placed", "handler": "Billing", "instance": "", "pausedSince": "2026-05-04T09:59:51+00:00", "seenAt": "2026-05-04T10:00:00+00:00", "members": 1,
                "lagMessages": 12, "isLagAtLeast": false, "lagMs": 3500, "retries": 2, "deadLetters": 1, "oldestDeadLetter": "2026-05-04T09:00:00+00:00",
                "errors": [{ "type": "System.TimeoutException", "count": 1 }], "omittedErrors": 0,
                "shards": [{
                  "shard": 0, "holder": { "name": "shop-1/412", "serverProcess": 7001, "application": "Shop", "address": "10.0.0.7" }, "positionAt": "2026-05-04T09:59:58+00:00",
                  "lagMessages": 12, "isLagAtLeast": false, "lagMs": 3500, "nextMessage": 17, "blockedSince": "2026-05-04T09:59:30+00:00"
                }]
              }],
              "omittedSubscriptions": 0
            }]
            """,
            document.GetProperty("durable"));
        Assert.DoesNotContain("secret", document.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Very_many_types_of_errors_are_not_all_listed()
    {
        var durable = new FakeDurable();
        durable.Add("order_placed", "Billing", FakeDurable.Shard(0) with { DeadLetters = 60 });
        for (var i = 0; i < 60; i++)
            durable.Parked.Add(Letter(durable, i, $"Shop.Error{i}", ""));
        await using var site = await StartAsync(durable);

        var subscription = (await site.StatusAsync()).GetProperty("durable")[0].GetProperty("subscriptions")[0];

        Assert.Equal((50, 10), (subscription.GetProperty("errors").GetArrayLength(), subscription.GetProperty("omittedErrors").GetInt32()));
    }

    [Fact]
    public async Task All_viewers_share_one_reading_and_none_is_made_while_nobody_looks()
    {
        var durable = new FakeDurable();
        durable.Add("order_placed", "Billing", FakeDurable.Shard(0));
        await using var site = await StartAsync(durable);
        Assert.Equal(0, durable.Readings);
        using (var one = await Watcher.OpenLiveAsync(site))
        using (var other = await Watcher.OpenLiveAsync(site))
        {
            await Eventually.GetAsync(() => Task.FromResult(durable.Readings), readings => readings == 1);
            foreach (var watcher in new[] { one, other })
                await ReadDurableAsync(site, watcher);

            // With those before, 12 seconds: a reading every 2, however many look.
            for (var i = 0; i < 10; i++)
            {
                await site.StatusAsync(); // Waits for a reading that is running. It would seem to last long if this clock went on meanwhile, and the next one would be put off.
                site.Time.Advance(Second);
                foreach (var watcher in new[] { one, other })
                    await NextStatusAsync(watcher);
            }

            Assert.InRange(durable.Readings, 2, 7);
        }

        await Eventually.GetAsync(() => Task.FromResult(site.Time.Timers), timers => timers == 0);
        var last = durable.Readings;
        site.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(last, durable.Readings);
    }

    [Fact]
    public async Task A_database_that_fails_is_a_problem_on_the_page_and_the_last_state_stays()
    {
        var durable = new FakeDurable();
        durable.Add("order_placed", "Billing", FakeDurable.Shard(0));
        await using var site = await StartAsync(durable);
        await site.StatusAsync();

        durable.Failure = new InvalidOperationException("secret text");
        durable.Statistics = new() { Problem = "Nothing answers on db:5432." };
        for (var i = 0; i < 3; i++)
        {
            site.Time.Advance(3 * Second);
            var document = await site.StatusAsync();
            var info = document.GetProperty("durable")[0];
            Assert.Equal("The durable channels could not be read (InvalidOperationException). Handlers are not called in this instance: Nothing answers on db:5432.", info.GetProperty("problem").GetString());
            Assert.Equal((Site.Start, "Billing"), (info.GetProperty("readAt").GetDateTimeOffset(), info.GetProperty("subscriptions")[0].GetProperty("handler").GetString()));
            Assert.Equal("Listening", document.GetProperty("listeners")[0].GetProperty("state").GetString());
        }

        Assert.Equal(702, Assert.Single(site.Logged()).Id.Id);

        durable.Failure = null;
        durable.Statistics = new() { IsCoordinating = true };
        site.Time.Advance(3 * Second);
        Assert.Equal(JsonValueKind.Null, (await site.StatusAsync()).GetProperty("durable")[0].GetProperty("problem").ValueKind);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_delays_no_update()
    {
        var never = new TaskCompletionSource();
        var durable = new FakeDurable { Gate = never.Task };
        await using var site = await StartAsync(durable);
        using var watcher = await Watcher.OpenLiveAsync(site);

        for (var i = 0; i < 4; i++)
        {
            site.Time.Advance(Second);
            await watcher.NextAsync("status");
        }

        // After 5 seconds it is given up.
        site.Time.Advance(Second);
        await Eventually.GetAsync(
            async () =>
            {
                site.Time.Advance(Second);
                var item = await watcher.NextAsync();
                return item?.EventType == "durable" ? item.Value.Data : "";
            },
            data => data.Contains("could not be read", StringComparison.Ordinal));
        never.SetResult();
    }

    [Fact]
    public async Task A_slow_database_is_asked_less_often()
    {
        var durable = new FakeDurable();
        durable.Add("order_placed", "Billing", FakeDurable.Shard(0));
        var slow = new TaskCompletionSource();
        durable.Gate = slow.Task;
        await using var site = await StartAsync(durable);
        var first = site.StatusAsync();
        await Eventually.GetAsync(() => Task.FromResult(durable.Readings), readings => readings == 1);
        site.Time.Advance(4 * Second);
        slow.SetResult();
        await first;

        // It took 4 seconds, and so there is a pause of 36.
        site.Time.Advance(35 * Second);
        await site.StatusAsync();
        Assert.Equal(1, durable.Readings);
        site.Time.Advance(Second);
        await site.StatusAsync();
        Assert.Equal(2, durable.Readings);
    }

    [Fact]
    public async Task A_takeover_is_on_the_timeline()
    {
        var durable = new FakeDurable();
        durable.Add("order_placed", "Billing", FakeDurable.Shard(0), FakeDurable.Shard(1), FakeDurable.Shard(2, "shop-2/98", 7002));
        await using var site = await StartAsync(durable);
        await site.StatusAsync();

        // Between the two, nobody holds them.
        durable.Update(0, one => one with { Shards = [FakeDurable.Shard(0, holder: null), FakeDurable.Shard(1, holder: null), one.Shards[2]] });
        site.Time.Advance(3 * Second);
        await site.StatusAsync();
        durable.Update(0, one => one with { Shards = [FakeDurable.Shard(0, "shop-2/98", 7002), FakeDurable.Shard(1, "shop-2/98", 7002), one.Shards[2]] });
        site.Time.Advance(3 * Second);

        var taken = (await site.TimelineAsync())[^1];
        Assert.Equal(
            ("Takeover", "Billing", "order_placed", 2, "Now held by shop-2/98 (session 7002), before by shop-1/412 (session 7001)."),
            (taken.GetProperty("kind").GetString(), taken.GetProperty("subscription").GetString(), taken.GetProperty("channel").GetString(), taken.GetProperty("count").GetInt32(), taken.GetProperty("problem").GetString()));
    }

    internal static ParkedMessage Letter(FakeDurable durable, long id, string error, string text, string? key = null) => new()
    {
        Subscription = durable.Status.Subscriptions[0].Name,
        Id = id,
        Key = key,
        Payload = "a payload",
        State = ParkedState.Dead,
        Attempts = 10,
        ErrorType = error,
        Error = text,
        PublishedAt = Site.Start.AddHours(-2),
        FailedAt = Site.Start.AddHours(-1),
        DeadAt = Site.Start.AddHours(-1),
    };

    private static Task<Site> StartAsync(FakeDurable durable) => Site.StartAsync(
        services =>
        {
            services.AddFakeLogging();
            Site.Add(services, new FakeListener());
            services.AddSingleton<IDurableChannels>(durable);
        },
        static app => app.MapPgListener());

    private static async Task ReadDurableAsync(Site site, Watcher watcher)
    {
        site.Time.Advance(Second);
        await watcher.NextAsync("status");
        await watcher.NextAsync("durable");
    }

    private static async Task NextStatusAsync(Watcher watcher)
    {
        while ((await watcher.NextAsync())?.EventType != "status")
        {
        }
    }

    private static void AssertJson(string expected, JsonElement actual)
        => Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), actual), actual.GetRawText());
}
