using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace WebApi.Tests;

/// <summary>Reads <c>GET /orders/stream</c>.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<SseItem<string>> _events;

    private EventStream(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _events = SseParser.Create(body).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    /// <summary>Opens it, and reads up to the first resync: from then on nothing is missed.</summary>
    public static async Task<EventStream> OpenLiveAsync(HttpClient client)
    {
        var stream = await OpenAsync(client);
        await stream.NextAsync("resync");
        return stream;
    }

    public static async Task<EventStream> OpenAsync(HttpClient client)
    {
        var response = await client.GetAsync(new Uri("/orders/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The next event, of whatever type; null at the end.</summary>
    public async Task<SseItem<string>?> NextAsync()
        => await _events.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken) ? _events.Current : null;

    /// <summary>The data of the next event of a type. The others are left out.</summary>
    public async Task<JsonElement> NextAsync(string type)
    {
        var watch = Stopwatch.StartNew();
        while (await NextAsync() is { } item)
        {
            if (item.EventType == type)
                return JsonElement.Parse(item.Data);
            if (watch.Elapsed > Eventually.Limit)
                throw new TimeoutException($"No event '{type}' within {Eventually.Limit}.");
        }

        throw new InvalidOperationException($"The stream ended before an event '{type}'.");
    }

    /// <summary>Closes the connection. That ends the reading too; it cannot be disposed of while it waits.</summary>
    public void Dispose() => _response.Dispose();
}
