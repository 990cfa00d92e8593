namespace PgListener.Bench;

/// <summary>A burst that is spread over very many channels, which the server finds harder than the consumer does.</summary>
internal sealed class ChannelBurstScenario : IScenario
{
    private static readonly int[] Counts = [1, 10, 100, 1_000, 10_000];
    private static readonly int[] QuickCounts = [1, 10_000];

    public string Name => "channel-burst";

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        Column.Ratio($"rate ÷ {Kind.NpgsqlTimeout0} alike", Figure.Rate, each => NameOf(Kind.NpgsqlTimeout0, each.Settings.Channels)),
        Column.CpuNs,
        Column.Ratio("CPU ÷ one channel", Figure.CpuNs, each => NameOf(each.Consumer, 1)),
        Column.Ratio($"CPU ÷ {Kind.NpgsqlTimeout0} alike", Figure.CpuNs, each => NameOf(Kind.NpgsqlTimeout0, each.Settings.Channels)),
        Column.Bytes,
    ];

    public string Describe(RunMode mode)
        => $"One transaction whose notifications go to the channels in turn: {string.Join(", ", Channels(mode).Select(channels => $"{Count(mode, channels):N0} to {channels:N0}"))}. \"Alike\": with as many channels.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. Channels(mode).SelectMany(channels => new[] { Kind.NpgsqlTimeout0, Kind.ListenerCallback }.Select(consumer => Case(mode, consumer, channels)))];

    private static BenchCase Case(RunMode mode, string consumer, int channels)
    {
        var load = new Burst(Count(mode, channels), channels);
        return new(NameOf(consumer, channels), consumer, load with { Order = load.Order with { IsShared = true } })
        {
            Settings = new() { Channels = channels },
            WarmUp = [load, load, load, load],
            Seconds = mode == RunMode.Full ? 6 : 2.5,
        };
    }

    private static int[] Channels(RunMode mode) => mode == RunMode.Full ? Counts : QuickCounts;

    private static int Count(RunMode mode, int channels) => (channels > 1_000 ? 50_000 : 200_000) / (mode == RunMode.Full ? 1 : 4);

    private static string NameOf(string consumer, int channels) => $"{consumer}, {channels:N0} channel{(channels == 1 ? "" : "s")}";
}
