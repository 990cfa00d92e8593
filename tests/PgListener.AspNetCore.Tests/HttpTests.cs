using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

public sealed class HttpTests
{
    private const string BrowserAccepts = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
    private static readonly string[] Paths = ["/pg-listener", "/pg-listener/status", "/pg-listener/events"];

    [Fact]
    public async Task The_document_has_the_form_that_is_documented()
    {
        var listener = new FakeListener("orders");
        listener.Subscribe("OrderHandler", "order_placed");
        listener.Update(0, one => one with { Received = 12, Processed = 9, Failed = 2, Dropped = 1, Gaps = 1, Queued = 3, QueuedBytes = 5_000 });
        listener.Update(0, one => one with
        {
            LastFailedAt = Site.Start.AddSeconds(-1),
            LastDroppedAt = Site.Start.AddSeconds(-2),
            LastGap = new("order_placed", ResyncReason.Overflow, Site.Start.AddSeconds(-4), Site.Start.AddSeconds(-3), dropped: 1),
            ResyncFailure = new() { Since = Site.Start.AddSeconds(-2), Attempts = 3, ErrorType = "Npgsql.NpgsqlException" },
            Hanging = 1,
            HangingSince = Site.Start.AddSeconds(-6),
        });
        listener.Status = listener.Status with { NextAttemptAt = Site.Start.AddSeconds(5) };
        await using var site = await Site.StartAsync(listener);

        var document = await site.StatusAsync();

        var process = document.GetProperty("process");
        Assert.Equal(
            (Environment.MachineName, Environment.ProcessId),
            (process.GetProperty("machine").GetString(), process.GetProperty("id").GetInt32()));
        var startedAt = process.GetProperty("startedAt").GetString();
        Assert.InRange(process.GetProperty("startedAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow);
        Assert.Equal(["time", "process", "listeners", "timeline"], document.EnumerateObject().Select(property => property.Name));
        Assert.Equal("2026-05-04T10:00:00+00:00", document.GetProperty("time").GetString());
        AssertJson(
            """
            [{
              "name": "orders", "state": "Listening", "since": "2026-05-04T10:00:00+00:00", "server": "db.example:5432", "processId": 4711,
              "failedAttempts": 0, "nextAttemptAt": "2026-05-04T10:00:05+00:00", "problem": null, "roundTripMs": 1.5, "queueUsage": 0.25, "channels": ["order_placed"],
              "subscriptions": [{
                "name": "OrderHandler", "channel": "order_placed", "instances": 1, "received": 12, "processed": 9,
                "failed": 2, "lastFailedAt": "2026-05-04T09:59:59+00:00", "dropped": 1, "lastDroppedAt": "2026-05-04T09:59:58+00:00",
                "gaps": 1, "lastGap": { "reason": "Overflow", "since": "2026-05-04T09:59:56+00:00", "until": "2026-05-04T09:59:57+00:00", "dropped": 1 },
                "resyncFailure": { "since": "2026-05-04T09:59:58+00:00", "attempts": 3, "errorType": "Npgsql.NpgsqlException" },
                "hanging": 1, "hangingSince": "2026-05-04T09:59:54+00:00",
                "queued": 3, "queueCapacity": 100, "queuedBytes": 5000, "queueCapacityBytes": 10000, "fill": 0.5
              }],
              "omittedSubscriptions": 0
            }]
            """,
            document.GetProperty("listeners"));
        AssertJson(
            $$"""
            [
              { "id": 1, "kind": "State", "listener": "orders", "since": "2026-05-04T10:00:00+00:00", "until": "2026-05-04T10:00:00+00:00",
                "state": "Listening", "problem": null, "reason": null, "subscription": null, "channel": null, "count": 1 },
              { "id": 2, "kind": "Gap", "listener": "orders", "since": "2026-05-04T09:59:56+00:00", "until": "2026-05-04T09:59:57+00:00",
                "state": null, "problem": null, "reason": "Overflow", "subscription": "OrderHandler", "channel": "order_placed", "count": 1 },
              { "id": 3, "kind": "Failed", "listener": "orders", "since": "{{startedAt}}", "until": "2026-05-04T10:00:00+00:00",
                "state": null, "problem": null, "reason": null, "subscription": "OrderHandler", "channel": "order_placed", "count": 2 },
              { "id": 4, "kind": "Dropped", "listener": "orders", "since": "{{startedAt}}", "until": "2026-05-04T10:00:00+00:00",
                "state": null, "problem": null, "reason": null, "subscription": "OrderHandler", "channel": "order_placed", "count": 1 }
            ]
            """,
            document.GetProperty("timeline"));
    }

    [Theory]
    [InlineData(null, "text/html")]
    [InlineData("*/*", "text/html")]
    [InlineData(BrowserAccepts, "text/html")]
    [InlineData("application/json", "application/json")]
    [InlineData("application/json, text/plain, */*", "application/json")]
    [InlineData("application/*", "application/json")]
    [InlineData("text/html;q=0.5, application/json", "application/json")]
    [InlineData("application/json;q=0.5, text/html", "text/html")]
    [InlineData("application/json;q=0", "text/html")]
    [InlineData("image/png", "text/html")]
    [InlineData("&%$", "text/html")]
    public async Task The_common_address_gives_the_page_or_the_document_as_the_client_likes(string? accept, string expected)
    {
        await using var site = await Site.StartAsync(new FakeListener());

        using var response = await site.SendAsync("GET", "/pg-listener", accept);

        Assert.Equal((HttpStatusCode.OK, expected), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal("Accept", response.Headers.Vary.Single());
    }

    [Theory]
    [InlineData("/pg-listener", "text/html; charset=utf-8")]
    [InlineData("/pg-listener/", "text/html; charset=utf-8")]
    [InlineData("/pg-listener/status", "application/json; charset=utf-8")]
    [InlineData("/pg-listener/events", "text/event-stream")]
    public async Task No_answer_may_be_stored_or_guessed_at(string path, string contentType)
    {
        await using var site = await Site.StartAsync(new FakeListener());

        using var response = await site.SendAsync("GET", path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(contentType, response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
    }

    [Fact]
    public async Task The_page_allows_itself_nothing_but_its_own_style_and_script()
    {
        await using var site = await Site.StartAsync(new FakeListener());

        using var response = await site.SendAsync("GET", "/pg-listener");

        Assert.Matches(
            "^default-src 'none'; script-src 'sha256-[^']+='; style-src 'sha256-[^']+='; connect-src 'self'; img-src data:; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$",
            response.Headers.GetValues("Content-Security-Policy").Single());
        var html = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotMatch("(?i)innerHTML|insertAdjacentHTML|document\\.write|eval\\(| style=| on[a-z]+=", html);
        Assert.DoesNotContain("://", html.Replace("xmlns='http://www.w3.org/2000/svg'", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/pg-listener")]
    [InlineData("/pg-listener/status")]
    public async Task Head_says_what_get_would(string path)
    {
        await using var site = await Site.StartAsync(new FakeListener());

        using var get = await site.SendAsync("GET", path);
        using var head = await site.SendAsync("HEAD", path);

        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("GET", "/pg-listener/nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "/pg-listener/status/more", HttpStatusCode.NotFound)]
    [InlineData("GET", "/pg-listener/page.html", HttpStatusCode.NotFound)]
    [InlineData("GET", "/pg-listener/../pg-listenerx", HttpStatusCode.NotFound)]
    [InlineData("POST", "/pg-listener", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/pg-listener/status", HttpStatusCode.MethodNotAllowed)]
    [InlineData("HEAD", "/pg-listener/events", HttpStatusCode.MethodNotAllowed)]
    public async Task There_is_nothing_else(string method, string path, HttpStatusCode expected)
    {
        await using var site = await Site.StartAsync(new FakeListener());

        using var response = await site.SendAsync(method, path);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Authorization_covers_page_document_and_stream()
    {
        await using var site = await Site.StartAsync(
            services =>
            {
                Site.Add(services, new FakeListener());
                HeaderAuthentication.Add(services);
            },
            static app => app.MapPgListener("/pg-listener").RequireAuthorization());

        foreach (var path in Paths)
        {
            using var stranger = await site.SendAsync("GET", path);
            Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
            Assert.Empty(await stranger.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }

        HeaderAuthentication.SignIn(site.Client);
        foreach (var path in Paths)
        {
            using var known = await site.SendAsync("GET", path);
            Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        }
    }

    [Fact]
    public async Task Every_convention_reaches_every_endpoint()
    {
        await using var site = await Site.StartAsync(
            static services => Site.Add(services, new FakeListener()),
            static app => app.MapPgListener("/ops/{tenant}/listeners").WithMetadata("mine").RequireHost("127.0.0.1"));

        var endpoints = site.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToArray();
        Assert.Equal(
            ["/ops/{tenant}/listeners", "/ops/{tenant}/listeners/events", "/ops/{tenant}/listeners/status"],
            endpoints.Select(endpoint => endpoint.RoutePattern.RawText!.TrimEnd('/')).Order(StringComparer.Ordinal));
        Assert.All(endpoints, endpoint => Assert.Equal("mine", endpoint.Metadata.GetMetadata<string>()));
        using var here = await site.SendAsync("GET", "/ops/7/listeners/status");
        Assert.Equal(HttpStatusCode.OK, here.StatusCode);
        site.Client.DefaultRequestHeaders.Host = "elsewhere.example";
        using var elsewhere = await site.SendAsync("GET", "/ops/7/listeners/status");
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [Fact]
    public async Task All_listeners_are_there_and_none_of_their_secrets()
    {
        const string connectionString = "Host=127.0.0.1;Port=1;Username=nobody;Password=hunter2;Application Name=hunter3";
        await using var site = await Site.StartAsync(
            static services =>
            {
                services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
                services.AddPgListener("stock", static options => options.ConnectionString = connectionString).AddHandler<Poke, PokeHandler>();
                services.AddPgListener(static options => options.ConnectionString = connectionString).AddHandler<Poke, PokeHandler>();
                services.AddPgListener("orders", static options => options.ConnectionString = connectionString).AddHandler<Poke, PokeHandler>();
            },
            static app => app.MapPgListener());

        var document = await Eventually.GetAsync(
            site.StatusAsync,
            document => document.GetProperty("listeners").EnumerateArray().All(listener => listener.GetProperty("problem").ValueKind == JsonValueKind.String));

        var listeners = document.GetProperty("listeners").EnumerateArray().ToArray();
        Assert.Equal(["", "orders", "stock"], listeners.Select(listener => listener.GetProperty("name").GetString()));
        Assert.All(listeners, listener => Assert.Equal("Connecting", listener.GetProperty("state").GetString()));
        Assert.All(listeners, listener => Assert.Equal(["PokeHandler"], listener.GetProperty("subscriptions").EnumerateArray().Select(one => one.GetProperty("name").GetString())));
        Assert.DoesNotContain("hunter", document.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Hostile_names_remain_the_text_they_are()
    {
        const string hostile = "</script><img src=x onerror=alert(1)>\"'\\ \r\n\nevent: status\ndata: {}\n\n\u2028\u0000";
        var listener = new FakeListener(hostile);
        listener.Subscribe(hostile, hostile);
        await using var site = await Site.StartAsync(listener);
        using var watcher = await Watcher.OpenAsync(site);

        foreach (var document in new[] { await site.StatusAsync(), await watcher.NextAsync("status") })
        {
            var seen = document.GetProperty("listeners")[0];
            Assert.Equal(hostile, seen.GetProperty("name").GetString());
            Assert.Equal(hostile, seen.GetProperty("channels")[0].GetString());
            Assert.Equal(hostile, seen.GetProperty("subscriptions")[0].GetProperty("name").GetString());
            Assert.DoesNotContain("<", document.GetRawText(), StringComparison.Ordinal);
        }

        await watcher.NextAsync("timeline");
    }

    [Fact]
    public async Task Half_a_character_does_not_break_the_document()
    {
        var listener = new FakeListener();
        listener.Subscribe("\ud800", "\udc00");
        await using var site = await Site.StartAsync(listener);

        Assert.Equal("\ufffd", (await site.StatusAsync()).GetProperty("listeners")[0].GetProperty("channels")[0].GetString());
    }

    [Fact]
    public async Task Readers_of_the_same_kind_are_one_row_and_the_list_has_an_end()
    {
        var listener = new FakeListener();
        for (var i = 0; i < 3; i++)
        {
            listener.Subscribe("A browser", "orders");
            listener.Update(i, one => one with { Received = 10, Queued = i * 50 });
        }

        for (var i = 0; i < 600; i++)
            listener.Subscribe("Many", $"channel {i}");
        await using var site = await Site.StartAsync(listener);

        var seen = (await site.StatusAsync()).GetProperty("listeners")[0];

        var first = seen.GetProperty("subscriptions")[0];
        Assert.Equal(
            (3, 30, 150, 300, 1.0),
            (Number("instances"), Number("received"), Number("queued"), Number("queueCapacity"), first.GetProperty("fill").GetDouble()));
        Assert.Equal((500, 101), (seen.GetProperty("subscriptions").GetArrayLength(), seen.GetProperty("omittedSubscriptions").GetInt32()));

        int Number(string name) => first.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Without_listeners_there_is_an_empty_document()
    {
        await using var site = await Site.StartAsync();

        Assert.Equal(0, (await site.StatusAsync()).GetProperty("listeners").GetArrayLength());
    }

    [Fact]
    public async Task Mapping_creates_no_listener_before_the_host_starts()
    {
        var created = false;
        await using var site = await Site.StartAsync(
            services => services.AddSingleton<IPgListener>(_ =>
            {
                created = true;
                return new FakeListener();
            }),
            app =>
            {
                app.MapPgListener();
                Assert.False(created);
            });

        Assert.True(created);
    }

    private static void AssertJson(string expected, JsonElement actual)
        => Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), actual), actual.GetRawText());

    private sealed record Poke : INotificationChannel<Poke>
    {
        public static string ChannelName => "poke";

        public static Poke Parse(string payload) => new();
    }

    private sealed class PokeHandler : INotificationHandler<Poke>
    {
        public Task HandleAsync(Notification<Poke> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
