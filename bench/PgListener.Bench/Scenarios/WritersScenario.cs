namespace PgListener.Bench;

/// <summary>Whether a consumer keeps up with several writers, each with a transaction for every notification.</summary>
internal sealed class WritersScenario : IScenario
{
    private const int Writers = 8;

    private static readonly string[] Consumers = [Kind.Npgsql, Kind.NpgsqlTimeout0, Kind.HandWritten, Kind.ListenerCallback, Kind.HandlerTransient];
    private static readonly string[] QuickConsumers = [Kind.Npgsql, Kind.HandlerTransient];

    public string Name => "writers";

    public bool IsRehearsed => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        Column.Ratio("rate", Figure.Rate, Kind.Npgsql),
        new("total ms", Figure.ElapsedMs, "0"),
        Column.CpuUs,
        Column.Ratio("CPU", Figure.CpuNs, Kind.Npgsql),
    ];

    public string Describe(RunMode mode)
        => $"{Writers} connections send {Count(mode):N0} notifications together, each in a transaction of its own, as fast as the server commits.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new($"{Writers} writers, typed handler, rate ÷ bare loop", Kind.HandlerTransient, Figure.Rate, Kind.Npgsql, 0.95) { IsAtLeast = true },
    ];

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. (mode == RunMode.Full ? Consumers : QuickConsumers)
            .Select(consumer => new BenchCase(consumer, new ManyWriters(Writers, Count(mode)))
            {
                WarmUp = [new Burst(20_000), new ManyWriters(Writers, 2_000), new ManyWriters(Writers, 2_000)],
                Seconds = mode == RunMode.Full ? 6 : 3,
            })];

    private static int Count(RunMode mode) => mode == RunMode.Full ? 20_000 : 4_000;
}
