namespace PgListener.Bench;

/// <summary>How fast a process is that has just been started, with all its code yet to be compiled.</summary>
internal sealed class ColdScenario : IScenario
{
    private const int Count = 200_000;

    private static readonly string[] Consumers = [Kind.Npgsql, Kind.NpgsqlTimeout0, Kind.NpgsqlJson, Kind.HandWritten, Kind.HandlerTransient];
    private static readonly string[] QuickConsumers = [Kind.HandWritten, Kind.HandlerTransient];

    public string Name => "cold";

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.Rate,
        Column.Ratio("rate", Figure.Rate, Kind.HandWritten),
        Column.CpuNs,
        Column.Ratio("CPU", Figure.CpuNs, Kind.HandWritten),
        Column.Bytes,
    ];

    public string Describe(RunMode mode) => $"The first {Count:N0} notifications that a process gets, in one transaction.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new("the first 200,000, rate ÷ hand-written service", Kind.HandlerTransient, Figure.Rate, Kind.HandWritten, 2.2) { IsAtLeast = true },
    ];

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. (mode == RunMode.Full ? Consumers : QuickConsumers).Select(consumer => new BenchCase(consumer, new Burst(Count)) { Seconds = 1.5 })];
}
