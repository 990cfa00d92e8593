using PgListener.Chaos.Logs;

namespace PgListener.Chaos;

/// <summary>Everybody who sends: one to the channels with traffic, and several to those that only probes and bursts go to.</summary>
internal sealed class Publishers(string connectionString, RunLog log, int seed) : IAsyncDisposable
{
    /// <summary>Sends all the time.</summary>
    public Publisher Main { get; } = new(connectionString, Settings.Channels, log, seed);

    /// <summary>Each has a share of <see cref="Settings.WideChannels"/>.</summary>
    public IReadOnlyList<Publisher> Wide { get; } =
        [.. Settings.WideChannels.Chunk(Settings.WideChannels.Length / Settings.WideWriters).Select((channels, index) => new Publisher(connectionString, channels, log, seed + index + 1))];

    private IEnumerable<Publisher> All => [Main, .. Wide];

    /// <summary>Sends all the time, and probes besides.</summary>
    public Task RunAsync(CancellationToken over) => Task.WhenAll([Main.RunAsync(over), .. All.Select(publisher => publisher.ProbeAsync(over))]);

    /// <summary>Sends one on each channel.</summary>
    public Task SendRoundAsync() => Task.WhenAll(All.Select(publisher => publisher.SendRoundAsync()));

    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in All)
            await publisher.DisposeAsync();
    }
}
