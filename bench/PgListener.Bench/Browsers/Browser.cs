using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>One client of an event stream.</summary>
internal sealed class Browser(HttpResponseMessage response, StreamReader reader) : IDisposable
{
    /// <summary>Every event has one line of data.</summary>
    private const string Data = "data:";

    /// <summary>Opens the stream, and waits for its first event, which says that the server listens.</summary>
    public static async Task<Browser> OpenAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        var browser = new Browser(response, new(await response.Content.ReadAsStreamAsync(cancellationToken)));
        await browser.NextAsync(cancellationToken);
        return browser;
    }

    /// <summary>Reads orders to the end, which is an error.</summary>
    /// <param name="received">Called for each with its delay, in ticks of the machine's monotonic clock.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task ReadAsync(Action<long> received, CancellationToken cancellationToken)
    {
        while (true)
        {
            var data = await NextAsync(cancellationToken);
            received(Stopwatch.GetTimestamp() - Payload.SentOf(data));
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }

    private async Task<string> NextAsync(CancellationToken cancellationToken)
    {
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith(Data, StringComparison.Ordinal))
                return line;
        }

        throw new BenchException("An event stream ended.");
    }
}
