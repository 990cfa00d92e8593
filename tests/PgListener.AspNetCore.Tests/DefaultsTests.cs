using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.AspNetCore.Tests;

/// <summary>What an application has set for all of its endpoints, and the page must not suffer from.</summary>
public sealed class DefaultsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public enum Caching
    {
        Base,
        BaseBeforeRouting,
        Group,
        GroupAttribute,
        Page,
        Response,
    }

    [Theory]
    [InlineData(Caching.Base)]
    [InlineData(Caching.BaseBeforeRouting)]
    [InlineData(Caching.Group)]
    [InlineData(Caching.GroupAttribute)]
    [InlineData(Caching.Page)]
    [InlineData(Caching.Response)]
    public async Task Caching_gives_neither_old_figures_nor_the_page_for_the_document(Caching caching)
    {
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await StartAsync(listener, caching);

        for (var i = 1; i <= 3; i++)
        {
            listener.Update(0, one => one with { Received = i });
            using var page = await site.SendAsync("GET", "/ops/pg-listener", "text/html");
            using var document = await site.SendAsync("GET", "/ops/pg-listener", "application/json");
            using var always = await site.SendAsync("GET", "/ops/pg-listener/status");
            Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
            Assert.Equal("application/json", document.Content.Headers.ContentType?.MediaType);
            Assert.Equal(i, await ReceivedAsync(document));
            Assert.Equal(i, await ReceivedAsync(always));
            Assert.False(page.Headers.Contains("Age"));
        }
    }

    [Theory]
    [InlineData(Caching.Base)]
    [InlineData(Caching.Group)]
    [InlineData(Caching.GroupAttribute)]
    [InlineData(Caching.Page)]
    [InlineData(Caching.Response)]
    public async Task Caching_keeps_no_second_watcher_waiting_for_the_first(Caching caching)
    {
        await using var site = await StartAsync(new FakeListener(), caching);
        using var one = await Watcher.OpenAsync(site, "/ops/pg-listener");
        using var other = await Watcher.OpenAsync(site, "/ops/pg-listener");

        foreach (var watcher in new[] { one, other })
        {
            await watcher.NextAsync("status");
            await watcher.NextAsync("timeline");
        }

        site.Time.Advance(Second);
        await one.NextAsync("status");
        await other.NextAsync("status");
    }

    [Theory]
    [InlineData("all")]
    [InlineData("all, before routing")]
    [InlineData("group")]
    public async Task A_time_limit_of_other_requests_does_not_cut_the_stream(string of)
    {
        var limit = new RequestTimeoutPolicy { Timeout = TimeSpan.FromMilliseconds(300) };
        await using var site = await Site.StartAsync(
            services =>
            {
                Site.Add(services, new FakeListener());
                services.AddRequestTimeouts(options => options.DefaultPolicy = of == "group" ? null : limit);
            },
            app =>
            {
                app.UseRequestTimeouts();
                if (of == "all, before routing")
                    app.UseRouting();
                var group = app.MapGroup("");
                if (of == "group")
                    group.WithRequestTimeout(limit);
                group.MapPgListener();
                group.MapGet("/slow", static (HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
            });
        using var watcher = await Watcher.OpenLiveAsync(site);

        // It is opened later than the stream, and so its time is up later.
        using var slow = await site.SendAsync("GET", "/slow");
        Assert.Equal(HttpStatusCode.GatewayTimeout, slow.StatusCode);

        for (var i = 0; i < 3; i++)
        {
            site.Time.Advance(Second);
            await watcher.NextAsync("status");
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Compression_of_all_responses_delays_no_event(string encoding)
    {
        var listener = new FakeListener();
        listener.Subscribe("Handler", "channel");
        await using var site = await Site.StartAsync(
            services =>
            {
                Site.Add(services, listener);
                services.AddResponseCompression(static options => options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "text/event-stream"]);
            },
            static app =>
            {
                app.UseResponseCompression();
                app.MapPgListener();
            });
        using var decompressing = new HttpClientHandler { AutomaticDecompression = DecompressionMethods.All };
        using var client = new HttpClient(decompressing) { BaseAddress = site.Client.BaseAddress };
        client.DefaultRequestHeaders.AcceptEncoding.ParseAdd(encoding);
        using var watcher = await Watcher.OpenAsync(site, client: client);
        await watcher.NextAsync("status");
        await watcher.NextAsync("timeline");

        for (var i = 1; i <= 3; i++)
        {
            listener.Update(0, one => one with { Received = i });
            site.Time.Advance(Second);
            Assert.Equal(i, ReceivedIn(await watcher.NextAsync("status")));
        }

        Assert.Equal(3, ReceivedIn(JsonElement.Parse(await client.GetStringAsync(new Uri("/pg-listener/status", UriKind.Relative), TestContext.Current.CancellationToken))));
        Assert.Contains("<!DOCTYPE html>", await client.GetStringAsync(site.Page, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_else_the_answers_vary_by_stays()
    {
        await using var site = await Site.StartAsync(
            static services => Site.Add(services, new FakeListener()),
            static app =>
            {
                app.Use(static (context, next) =>
                {
                    context.Response.Headers.Vary = "Origin";
                    return next(context);
                });
                app.MapPgListener();
            });

        using var response = await site.SendAsync("GET", "/pg-listener");

        Assert.Equal(["Accept", "Origin"], response.Headers.Vary.Order(StringComparer.Ordinal));
    }

    private static Task<Site> StartAsync(FakeListener listener, Caching caching)
        => Site.StartAsync(
            services =>
            {
                Site.Add(services, listener);
                services.AddOutputCache(options =>
                {
                    if (caching is Caching.Base or Caching.BaseBeforeRouting)
                        options.AddBasePolicy(static policy => policy.Expire(TimeSpan.FromHours(1)));
                });
                services.AddResponseCaching();
            },
            app =>
            {
                if (caching == Caching.Response)
                    app.UseResponseCaching();
                else
                    app.UseOutputCache();
                if (caching == Caching.BaseBeforeRouting)
                    app.UseRouting();
                var group = app.MapGroup("/ops");
                if (caching == Caching.Group)
                    group.CacheOutput();
                if (caching == Caching.GroupAttribute)
                    group.WithMetadata(new OutputCacheAttribute { Duration = 3600 });
                var page = group.MapPgListener();
                if (caching == Caching.Page)
                    page.CacheOutput(static policy => policy.Expire(TimeSpan.FromHours(1)));
            });

    private static async Task<long> ReceivedAsync(HttpResponseMessage response)
        => ReceivedIn(JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));

    private static long ReceivedIn(JsonElement document)
        => document.GetProperty("listeners")[0].GetProperty("subscriptions")[0].GetProperty("received").GetInt64();
}
