using System.Net.ServerSentEvents;
using System.Text.Json;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

/// <summary>Reads the stream.</summary>
internal sealed class Watcher : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private Watcher(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _events = SseParser.Create(body).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    public static async Task<Watcher> OpenAsync(Site site)
    {
        var response = await site.SendAsync("GET", "/pg-listener/events");
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Opens it and reads what comes at once.</summary>
    public static async Task<Watcher> OpenLiveAsync(Site site)
    {
        var watcher = await OpenAsync(site);
        await watcher.NextAsync("status");
        await watcher.NextAsync("timeline");
        return watcher;
    }

    public async Task<JsonElement> NextAsync(string type)
    {
        var item = await NextAsync();
        Assert.Equal(type, item?.EventType);
        return JsonElement.Parse(item!.Value.Data);
    }

    /// <summary>The next event; null at the end.</summary>
    public async Task<SseItem<string>?> NextAsync()
        => await _events.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken) ? _events.Current : null;

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _response.Dispose();
}
