using System.Net.ServerSentEvents;

namespace WebApi.Tests;

/// <summary>Reads a stream of server-sent events.</summary>
internal abstract class EventReader(HttpResponseMessage response, Stream body) : IDisposable
{
    private readonly IAsyncEnumerator<SseItem<string>> _events =
        SseParser.Create(body).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

    /// <summary>The next event, of whatever type; null at the end.</summary>
    public async Task<SseItem<string>?> NextAsync()
        => await _events.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken) ? _events.Current : null;

    /// <summary>Closes the connection. That ends the reading too; it cannot be disposed of while it waits.</summary>
    public void Dispose() => response.Dispose();

    /// <summary>What is to be read, if the response is such a stream.</summary>
    protected static async Task<Stream> BodyOfAsync(HttpResponseMessage response)
    {
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
    }
}
