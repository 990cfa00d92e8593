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
        Kind.NodePg, Kind.NodePgListen, Kind.TokioPostgres,
    ];

    private static readonly string[] QuickConsumers =
    [
        Kind.Npgsql, Kind.NpgsqlTimeout0, Kind.HandWritten, Kind.ListenerCallback, Kind.ListenerForeach, Kind.HandlerTransient, Kind.NodePg,
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

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new("typed handler, rate ÷ hand-written service", Kind.HandlerTransient, Figure.Rate, Kind.HandWritten, 3.5) { IsAtLeast = true },
        new("typed handler, CPU ÷ hand-written service", Kind.HandlerTransient, Figure.CpuNs, Kind.HandWritten, 0.35),
        new("typed handler, rate ÷ tokio-postgres with serde_json", Kind.HandlerTransient, Figure.Rate, Kind.TokioPostgres, 0.8) { IsAtLeast = true },
        new("callback, rate ÷ bare loop with `Command Timeout=0`", Kind.ListenerCallback, Figure.Rate, Kind.NpgsqlTimeout0, 0.85) { IsAtLeast = true, Spread = 1.3 },
        new("`await foreach`, rate ÷ bare loop with `Command Timeout=0`", Kind.ListenerForeach, Figure.Rate, Kind.NpgsqlTimeout0, 0.85) { IsAtLeast = true, Spread = 1.3 },
    ];

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. (mode == RunMode.Full ? Consumers : QuickConsumers).Select(consumer => Case(mode, consumer))];

    public Task<IReadOnlyList<Skip>> PrepareAsync(IReadOnlyList<string> consumers, CancellationToken cancellationToken) => PeerList.PrepareAsync(consumers, cancellationToken);

    private static BenchCase Case(RunMode mode, string consumer)
    {
        var benchCase = new BenchCase(consumer, new Burst(Count(mode)))
        {
            WarmUp = WarmUps.Bursts(mode),
            Seconds = mode == RunMode.Full ? 6 : 2.4,
        };
        return PeerList.Of(consumer) is { } peer ? benchCase with { Start = peer.StartInfo } : benchCase;
    }

    private static int Count(RunMode mode) => mode == RunMode.Full ? 1_000_000 : 200_000;
}
