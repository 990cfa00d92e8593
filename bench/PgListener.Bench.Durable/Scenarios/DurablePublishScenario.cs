namespace PgListener.Bench;

/// <summary>What publishing costs in the caller's transaction.</summary>
internal sealed class DurablePublishScenario(DurableSize size) : IScenario
{
    private const string RowAlone = "row-alone";
    private const string AnotherRow = "another-row";
    private static readonly (string Name, TransactionKind Kind)[] Kinds =
    [
        (RowAlone, TransactionKind.RowAlone),
        (AnotherRow, TransactionKind.AnotherRow),
        ("another-row-and-notify", TransactionKind.AnotherRowAndNotify),
        (MessagingName.PgListener, TransactionKind.Publish),
    ];

    public string Name => "durable-publish";

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        Column.Ratio($"rate ÷ {AnotherRow} alike", Figure.Rate, each => Title(((Writers)each.Load).Count, AnotherRow)) with { Format = "0.000" },
        DurableColumn.ServerCpuUs,
    ];

    public string Describe(RunMode mode)
        => $"Transactions with one inserted row, and: nothing, one more row in a table with two indexes, the same with `NOTIFY`, or a durable message published in the transaction. Each writer begins the next one when the last one is committed, for {Seconds(mode)} s.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from number in Numbers(mode)
               from kind in Kinds
               select new BenchCase(Title(number, kind.Name), kind.Name, new Writers(kind.Kind, number, Seconds(mode)))
               {
                   WarmUp = [new Writers(kind.Kind, number, 1)],
                   Seconds = Seconds(mode) + 2,
               }];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        await using var database = await server.CreateDatabaseAsync(cancellationToken);
        await DurableSchema.CreateAsync(database.DataSource, cancellationToken);
        await database.ExecuteAsync(Writers.Tables, cancellationToken);
        foreach (var load in benchCase.WarmUp)
            await load.SendAsync(database.DataSource, cancellationToken);
        await server.ExecuteAsync("CHECKPOINT", cancellationToken);

        var writers = (Writers)benchCase.Load;
        var before = server.ProcessorTime();
        await writers.SendAsync(database.DataSource, cancellationToken);
        var used = server.ProcessorTime() - before;
        return new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [Figure.Rate] = writers.Rate,
            [Figure.ServerCpuNs] = used.TotalNanoseconds / (writers.Rate * writers.Seconds),
        };
    }

    private static string Title(int writers, string kind) => $"{writers} writers, {kind}";

    private static int[] Numbers(RunMode mode) => mode == RunMode.Full ? [8, 32] : [8];

    private int Seconds(RunMode mode) => size.SecondsOr(mode, 3, 2);
}
