namespace PgListener.Bench;

/// <summary>What a delivery costs when one channel has up to a thousand readers, such as an event stream for each browser.</summary>
internal sealed class ReadersScenario : IScenario
{
    private const int PerSecond = 1_000;
    private const int Most = 1_000;
    private static readonly int[] Counts = [1, 10, 100, Most];
    private static readonly int[] QuickCounts = [Most];
    private static readonly string[] Consumers = [Kind.NpgsqlJson, Kind.HandWrittenReaders, Kind.Stream];
    private static readonly string[] QuickConsumers = [Kind.NpgsqlJson, Kind.Stream];

    public string Name => "readers";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("k deliveries/s", Figure.CallRate, "0", 1e3),
        new("CPU µs a delivery", Figure.CpuNs, "0.00", 1e3),
        Column.Ratio("CPU ÷ one reader", Figure.CpuNs, each => NameOf(each.Consumer, 1)) with { Format = "0.000" },
        Column.Ratio($"CPU ÷ {Kind.NpgsqlJson} alike", Figure.CpuNs, each => NameOf(Kind.NpgsqlJson, each.Settings.Lanes)),
        Column.Ratio($"CPU ÷ {Kind.HandWrittenReaders} alike", Figure.CpuNs, each => NameOf(Kind.HandWrittenReaders, each.Settings.Lanes)),
        new("bytes a delivery", Figure.Bytes, "0"),
        new("ms until listening", Figure.StartMs, "0.0"),
    ];

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new($"{Most:N0} readers, {PerSecond:N0} notifications a second, CPU ns a delivery", NameOf(Kind.Stream, Most), Figure.CpuNs, Baseline: null, 1_500),
    ];

    public string Describe(RunMode mode)
        => $"{PerSecond:N0} transactions with one notification each in a second, for {Seconds(mode)} s, to readers that each parse it. `{Kind.Stream}`: `ReadAllAsync`, nothing may be dropped. `{Kind.NpgsqlJson}`: a bare loop with as many event handlers. `{Kind.HandWrittenReaders}`: the same loop with an unbounded `Channel<T>` for each reader. The start is the second one in the process, and ends when all read.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from readers in mode == RunMode.Full ? Counts : QuickCounts
               from consumer in mode == RunMode.Full ? Consumers : QuickConsumers
               select Case(mode, consumer, readers)];

    private static BenchCase Case(RunMode mode, string consumer, int readers)
    {
        return new(NameOf(consumer, readers), consumer, Paced(Seconds(mode)))
        {
            Settings = new() { Lanes = readers, Patient = true, Rehearsals = 1 },
            WarmUp = mode == RunMode.Full ? [.. WarmUps.Bursts(mode, lanes: readers), Paced(1)] : WarmUps.Bursts(mode, lanes: readers),
            Seconds = Seconds(mode) + 3,
        };

        Paced Paced(int seconds) => new(PerSecond, seconds) { Order = new() { Count = PerSecond * seconds, Lanes = readers } };
    }

    private static int Seconds(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    private static string NameOf(string consumer, int readers) => $"{consumer}, {readers:N0} reader{(readers == 1 ? "" : "s")}";
}
