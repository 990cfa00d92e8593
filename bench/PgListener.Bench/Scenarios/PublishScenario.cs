namespace PgListener.Bench;

/// <summary>What concurrent writers gain from sharing transactions, since every commit that notifies takes one lock for the whole cluster.</summary>
internal sealed class PublishScenario : IScenario
{
    private const string Alone = "alone";
    private static readonly int[] Writers = [8, 64];
    private static readonly (string Name, TimeSpan? Window)[] Windows =
    [
        (Alone, null),
        ("window 0", TimeSpan.Zero),
        ("window 2 ms", TimeSpan.FromMilliseconds(2)),
    ];

    public string Name => "publish";

    public bool IsRehearsed => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        Column.Ratio($"rate ÷ {Alone} alike", Figure.Rate, each => $"{((ManyPublishers)each.Load).Writers} writers, {Alone}"),
    ];

    public string Describe(RunMode mode)
        => $"Writers share one publisher, and each sends its next notification when the last one is committed; {Count(mode):N0} in total, as fast as they arrive at a bare loop. \"Alone\": a transaction for each. \"Window\": with `CoalesceWindow`.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from writers in Writers
               from window in Windows
               select new BenchCase($"{writers} writers, {window.Name}", Kind.NpgsqlTimeout0, new ManyPublishers(writers, Count(mode), window.Window))
               {
                   WarmUp = [new ManyPublishers(writers, 2_000, window.Window)],
                   Seconds = mode == RunMode.Full ? 5 : 2,
               }];

    private static int Count(RunMode mode) => mode == RunMode.Full ? 20_000 : 4_000;
}
