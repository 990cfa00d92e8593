using System.Diagnostics;
using System.Text.Json;

namespace WebApi.Tests;

/// <summary>Reads <c>GET /orders/stream</c>.</summary>
internal sealed class EventStream : EventReader
{
    private EventStream(HttpResponseMessage response, Stream body)
        : base(response, body)
    {
    }

    /// <summary>The id of the last event that had one, which a browser sends when it comes back.</summary>
    public string? LastEventId { get; private set; }

    /// <summary>Opens it, and reads up to the first resync: from then on nothing is missed.</summary>
    public static async Task<EventStream> OpenLiveAsync(HttpClient client)
    {
        var stream = await OpenAsync(client);
        await stream.NextAsync("resync");
        return stream;
    }

    /// <summary>Opens it.</summary>
    /// <param name="client">The browser.</param>
    /// <param name="lastEventId">The event that it has got last, if it comes back.</param>
    public static async Task<EventStream> OpenAsync(HttpClient client, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/orders/stream", UriKind.Relative));
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return new(response, await BodyOfAsync(response));
    }

    /// <summary>The data of the next event of a type. The others are left out.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="others">Told of the orders before it.</param>
    public async Task<JsonElement> NextAsync(string type, Action<JsonElement>? others = null)
    {
        var watch = Stopwatch.StartNew();
        while (await NextAsync() is { } item)
        {
            LastEventId = item.EventId ?? LastEventId;
            if (item.EventType == type)
                return JsonElement.Parse(item.Data);
            if (item.EventType == "order")
                others?.Invoke(JsonElement.Parse(item.Data));
            if (watch.Elapsed > Eventually.Limit)
                throw new TimeoutException($"No event '{type}' within {Eventually.Limit}.");
        }

        throw new InvalidOperationException($"The stream ended before an event '{type}'.");
    }

    /// <summary>Reads on until an event of a type is the expected one.</summary>
    public async Task UntilAsync(string type, Func<JsonElement, bool> isExpected)
    {
        var watch = Stopwatch.StartNew();
        for (var seen = await NextAsync(type); !isExpected(seen); seen = await NextAsync(type))
        {
            // Signs of life would keep it waiting for ever.
            if (watch.Elapsed > Eventually.Limit)
                throw new TimeoutException($"No event '{type}' was the expected one within {Eventually.Limit}. The last was: {seen}");
        }
    }
}
