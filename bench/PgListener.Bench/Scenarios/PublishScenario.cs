namespace PgListener.Bench;

/// <summary>What concurrent writers gain from sharing transactions, since every commit that notifies takes one lock for the whole cluster, and waits for the disk with it.</summary>
internal sealed class PublishScenario : IScenario
{
    private const string Alone = "alone";
    private const string Together = "window 0";
    private const int Many = 64;
    private static readonly int[] Writers = [1, 8, Many];
    private static readonly (string Name, TimeSpan? Window)[] Windows =
    [
        (Alone, null),
        (Together, TimeSpan.Zero),
        ("window 2 ms", TimeSpan.FromMilliseconds(2)),
    ];

    public string Name => "publish";

    public bool IsRehearsed => true;

    public bool IsOnDisk => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        Column.Ratio($"rate ÷ {Alone} alike", Figure.Rate, each => NameOf(((ManyPublishers)each.Load).Writers, Alone)),
    ];

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new($"{Many} writers that share transactions, `fsync=on`, rate ÷ one commit each", NameOf(Many, Together), Figure.Rate, NameOf(Many, Alone), 20) { IsAtLeast = true },
    ];

    public string Describe(RunMode mode)
        => $"Writers share one publisher, and each sends its next notification when the last one is committed, as fast as they arrive at a bare loop. \"Alone\": a transaction for each, {Count(mode, Many, null):N0} in total. \"Window\": with `CoalesceWindow`, {Count(mode, 1, TimeSpan.Zero):N0}, or {Count(mode, Many, TimeSpan.Zero):N0} with {Many} writers and window 0. The server writes to its disk (`fsync=on`).";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from writers in mode == RunMode.Full ? Writers : [Many]
               from window in mode == RunMode.Full ? Windows : Windows[..2]
               where writers > 1 || window.Window != TimeSpan.FromMilliseconds(2)
               select new BenchCase(NameOf(writers, window.Name), Kind.NpgsqlTimeout0, new ManyPublishers(writers, Count(mode, writers, window.Window), window.Window))
               {
                   WarmUp = [new ManyPublishers(writers, Count(mode, writers, window.Window) / 2, window.Window)],
                   Seconds = mode == RunMode.Full ? 5 : 2,
               }];

    /// <summary>Many that share transactions are so much faster that they need more for a time that can be measured.</summary>
    private static int Count(RunMode mode, int writers, TimeSpan? window) => (mode == RunMode.Full ? 5 : 1) * (writers, window) switch
    {
        (_, null) => 800,
        (Many, { Ticks: 0 }) => 32_000,
        _ => 4_000,
    };

    private static string NameOf(int writers, string window) => $"{writers} writer{(writers == 1 ? "" : "s")}, {window}";
}
