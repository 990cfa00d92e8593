namespace PgListener.Bench;

/// <summary>What named listeners in one process cost, each with a connection and a channel of its own.</summary>
internal sealed class ListenersScenario : IScenario
{
    private static readonly int[] Counts = [1, 5, 10, 25, 50];
    private static readonly int[] QuickCounts = [10];
    private static readonly string[] Consumers = [Kind.NpgsqlJson, Kind.HandlerTransient];

    public string Name => "listeners";

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        Column.Ratio($"rate ÷ {Kind.NpgsqlJson} alike", Figure.Rate, Bare),
        Column.CpuNs,
        Column.Ratio("CPU ÷ one listener", Figure.CpuNs, each => NameOf(each.Consumer, 1)),
        Column.Ratio($"CPU ÷ {Kind.NpgsqlJson} alike", Figure.CpuNs, Bare),
        Column.Bytes,
        new("ms until listening", Figure.StartMs, "0.0"),
        Column.Ratio($"time ÷ {Kind.NpgsqlJson} alike", Figure.StartMs, Bare),
    ];

    public string Describe(RunMode mode)
        => $"One transaction with {Count(mode):N0} notifications, in turn to the channels of the listeners. `{Kind.NpgsqlJson}` has as many connections, each with a loop, opened one after the other. The start is the second one in the process.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from listeners in mode == RunMode.Full ? Counts : QuickCounts
               from consumer in Consumers
               select Case(mode, consumer, listeners)];

    private static BenchCase Case(RunMode mode, string consumer, int listeners) => new(NameOf(consumer, listeners), consumer, new Burst(Count(mode), listeners))
    {
        Settings = new() { Channels = listeners, Listeners = listeners, Rehearsals = 1 },
        WarmUp = WarmUps.Bursts(mode, channels: listeners),
        Seconds = mode == RunMode.Full ? 5 : 2,
    };

    private static int Count(RunMode mode) => mode == RunMode.Full ? 200_000 : 50_000;

    private static string Bare(BenchCase each) => NameOf(Kind.NpgsqlJson, each.Settings.Listeners);

    private static string NameOf(string consumer, int listeners) => $"{consumer}, {listeners} listener{(listeners == 1 ? "" : "s")}";
}
