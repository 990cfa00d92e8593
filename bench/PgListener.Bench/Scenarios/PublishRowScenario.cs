namespace PgListener.Bench;

/// <summary>What publishing costs beside the row that it tells of, against one more row.</summary>
internal sealed class PublishRowScenario : IScenario
{
    private const string Baseline = "another-row";
    private const int QuickWriters = 8;
    private static readonly int[] Writers = [1, QuickWriters];
    private static readonly (string Name, RowWork Work)[] Works =
    [
        ("row", RowWork.Row),
        (Baseline, RowWork.TwoRows),
        ("publish-in-transaction", RowWork.RowAndPublish),
        ("publish-after", RowWork.RowThenPublish),
        ("publish-alone", RowWork.PublishAlone),
    ];

    public string Name => "publish-row";

    public bool IsOnDisk => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        Column.Ratio($"rate ÷ {Baseline} alike", Figure.Rate, Alike),
        new("server CPU µs each", Figure.ServerCpuNs, "0", 1e3),
        Column.Ratio($"server CPU ÷ {Baseline} alike", Figure.ServerCpuNs, Alike),
    ];

    public string Describe(RunMode mode)
        => $"Each writer begins when its last work is committed, for {Seconds(mode)} s. `row`: a transaction that inserts one row. `{Baseline}`: it inserts one into a second table, too. `publish-in-transaction`: it publishes instead, in the caller's transaction. `publish-after`: that is published when the row is committed. `publish-alone`: no row. The server writes to its disk (`fsync=on`), and nobody listens.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from writers in mode == RunMode.Full ? Writers : [QuickWriters]
               from work in Works
               select new BenchCase(NameOf(writers, work.Name), work.Name, new RowWriters(work.Work, writers, Seconds(mode)))
               {
                   WarmUp = mode == RunMode.Full ? [new RowWriters(work.Work, writers, 1)] : [],
                   Seconds = Seconds(mode) + (mode == RunMode.Full ? 2 : 0.3),
               }];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        await using var database = await server.CreateDatabaseAsync(cancellationToken);
        await database.ExecuteAsync(RowWriters.Tables, cancellationToken);
        foreach (var load in benchCase.WarmUp)
            await load.SendAsync(database.DataSource, cancellationToken);
        await server.ExecuteAsync("CHECKPOINT", cancellationToken);

        var writers = (RowWriters)benchCase.Load;
        var before = server.ProcessorTime();
        await writers.SendAsync(database.DataSource, cancellationToken);
        var used = server.ProcessorTime() - before;
        return new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [Figure.Rate] = writers.Rate,
            [Figure.ServerCpuNs] = used.TotalNanoseconds / writers.Count,
        };
    }

    private static int Seconds(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    private static string NameOf(int writers, string work) => $"{writers} writer{(writers == 1 ? "" : "s")}, {work}";

    private static string Alike(BenchCase each) => NameOf(((RowWriters)each.Load).Writers, Baseline);
}
