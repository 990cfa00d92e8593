namespace PgListener.Bench;

/// <summary>How fast each consumer gets through very many notifications that are all there at once.</summary>
internal sealed class BurstScenario : IScenario
{
    private static readonly string[] Consumers =
    [
        Kind.Npgsql, Kind.NpgsqlTimeout0, Kind.NpgsqlJson,
        Kind.HandWritten, Kind.HandWrittenChannel, Kind.HandWrittenTimeout0, Kind.HandWrittenChannelTimeout0,
        Kind.ListenerCallback, Kind.ListenerForeach, Kind.ListenerDataSource,
        Kind.HandlerTransient, Kind.HandlerScoped, Kind.Stream,
    ];

    public string Name => "burst";

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Rate,
        Column.Ratio("rate", Figure.Rate, Kind.HandWritten),
        Column.Ratio("rate", Figure.Rate, Kind.Npgsql),
        Column.Ratio("rate", Figure.Rate, Kind.NpgsqlTimeout0),
        Column.CpuNs,
        Column.Ratio("CPU", Figure.CpuNs, Kind.HandWritten),
        Column.Bytes,
        new("gen 0 GCs", Figure.Gen0, "0"),
        new("gen 1", Figure.Gen1, "0"),
        new("gen 2", Figure.Gen2, "0"),
    ];

    public string Describe(RunMode mode) => $"One transaction with {Count(mode):N0} notifications on one channel, to a warm process.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. Consumers.Select(consumer => new BenchCase(consumer, new Burst(Count(mode)))
        {
            WarmUp = WarmUps.Bursts(mode),
            Seconds = mode == RunMode.Full ? 6 : 2.4,
        })];

    private static int Count(RunMode mode) => mode == RunMode.Full ? 1_000_000 : 200_000;
}
