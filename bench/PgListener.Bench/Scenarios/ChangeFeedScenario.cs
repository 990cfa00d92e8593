namespace PgListener.Bench;

/// <summary>What a change feed costs the statements that change the table, against no trigger and against the one that one would write by hand.</summary>
internal sealed class ChangeFeedScenario : IScenario
{
    private const string None = "no-trigger";
    private const string Feed = "feed";
    private const string FeedOfAll = "feed-of-all-columns";
    private const string EachRow = "trigger-for-each-row";

    private static readonly (string Name, Write Write)[] Writes =
    [
        ("insert", Write.Insert), ("update", Write.Update), ("update of another column", Write.UpdateOther), ("delete", Write.Delete),
    ];

    private static readonly int[] Rows = [1, 100, 200_000];
    private static readonly int[] QuickRows = [100];
    private static readonly string[] Triggers = [None, Feed, FeedOfAll, EachRow];

    public string Name => "change-feed";

    public bool IsOnDisk => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("ms each", Figure.P50, "0.00", 1e3),
        Column.Ratio($"time ÷ {None} alike", Figure.P50, Alike),
        new("server CPU ms each", Figure.ServerCpuNs, "0.00", 1e6),
        Column.Ratio($"server CPU ÷ {None} alike", Figure.ServerCpuNs, Alike),
    ];

    public string Describe(RunMode mode)
        => $"Statements of {string.Join(", ", RowsOf(mode).Select(rows => $"{rows:N0}"))} rows, each in a transaction of its own: the median of the times of {string.Join(", ", RowsOf(mode).Select(rows => Count(mode, rows)))}. `{Feed}` watches the price only, which `update` changes; `{FeedOfAll}` all four columns; `{EachRow}` calls `pg_notify` with operation and key. Nobody listens.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from rows in RowsOf(mode)
               from write in Writes
               from trigger in Triggers
               select new BenchCase(Title(write.Name, rows, trigger), trigger, new Statements(write.Write, rows, Count(mode, rows)))
               {
                   Seconds = rows < 1_000 ? 2 : 6,
               }];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        var statements = (Statements)benchCase.Load;
        await using var database = await server.CreateDatabaseAsync(cancellationToken);
        await database.ExecuteAsync(Statements.Table, cancellationToken);
        await database.ExecuteAsync(statements.Fill, cancellationToken);
        await database.ExecuteAsync(TriggerOf(benchCase.Consumer), cancellationToken);
        await database.ExecuteAsync("VACUUM ANALYZE products", cancellationToken);
        await server.ExecuteAsync("CHECKPOINT", cancellationToken);
        var before = server.ProcessorTime();
        await statements.SendAsync(database.DataSource, cancellationToken);
        var used = server.ProcessorTime() - before;
        return new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [Figure.P50] = statements.Times[statements.Times.Count / 2].TotalMicroseconds,
            [Figure.P99] = statements.Times[statements.Times.Count * 99 / 100].TotalMicroseconds,
            [Figure.ServerCpuNs] = used.TotalNanoseconds / statements.Count,
        };
    }

    private static string TriggerOf(string name)
    {
        var feed = ChangeFeed.For("public.products").Key("id");
        return name switch
        {
            None => "SELECT 1",
            Feed => feed.Columns("price").Script,
            FeedOfAll => feed.Script,
            _ => """
                CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM pg_notify('products', json_build_object('op', lower(TG_OP), 'id', COALESCE(NEW.id, OLD.id))::text);
                    RETURN NULL;
                END $$;
                CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION tell();
                """,
        };
    }

    private static int[] RowsOf(RunMode mode) => mode == RunMode.Full ? Rows : QuickRows;

    private static int Count(RunMode mode, int rows) => (rows, mode) switch
    {
        (1, RunMode.Full) => 1_000,
        (1, _) => 200,
        (100, RunMode.Full) => 200,
        (100, _) => 50,
        _ => 1,
    };

    private static string Title(string write, int rows, string trigger) => FormattableString.Invariant($"{write}, {rows:N0} row(s), {trigger}");

    private static string Alike(BenchCase benchCase)
    {
        var name = benchCase.Name;
        return $"{name[..name.LastIndexOf(' ')]} {None}";
    }
}
