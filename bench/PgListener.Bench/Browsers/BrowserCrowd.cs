using System.Globalization;

namespace PgListener.Bench;

/// <summary>Many clients of one event stream, in this program's process.</summary>
internal sealed class BrowserCrowd : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Browser> _browsers = [];
    private Task _reading = Task.CompletedTask;
    private TaskCompletionSource _done = new();
    private long[] _delays = [];
    private int _received;

    public static async Task<BrowserCrowd> OpenAsync(int port, int count, CancellationToken cancellationToken)
    {
        var crowd = new BrowserCrowd();
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/events"));
        try
        {
            for (var i = 0; i < count; i++)
                crowd._browsers.Add(await Browser.OpenAsync(crowd._http, address, cancellationToken));
        }
        catch
        {
            await crowd.DisposeAsync();
            throw;
        }

        crowd._reading = Task.WhenAll(crowd._browsers.Select(browser => Task.Run(() => browser.ReadAsync(crowd.Receive, crowd._stop.Token), CancellationToken.None)));
        return crowd;
    }

    /// <summary>Gets ready for so many events in each browser.</summary>
    public void Expect(int events)
    {
        _received = 0;
        _delays = new long[events * _browsers.Count];
        _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Waits until all have come.</summary>
    /// <returns>From before the sending until each arrived, in ticks of the machine's monotonic clock.</returns>
    public async Task<long[]> CollectAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await (await Task.WhenAny(_done.Task, _reading).WaitAsync(limit, cancellationToken));
        }
        catch (TimeoutException)
        {
            throw new BenchException($"Of {_delays.Length} events, {Volatile.Read(ref _received)} came in {limit:c}.");
        }

        return _delays;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var browser in _browsers)
            browser.Dispose();
        _http.Dispose();
        _stop.Dispose();
    }

    private void Receive(long delay)
    {
        var number = Interlocked.Increment(ref _received);
        if (number > _delays.Length)
            return;

        _delays[number - 1] = delay;
        if (number == _delays.Length)
            _done.TrySetResult();
    }
}
