namespace PgListener.Bench;

/// <summary>How long a notification takes into the handler when there is time between them, and what it costs then, with the thread pool's spinning and without.</summary>
internal sealed class LatencyScenario : IScenario
{
    private const int PerSecond = 1_000;
    private const string Calm = " (no spinning)";
    private static readonly string[] Consumers = [Kind.Npgsql, Kind.NpgsqlTimeout0, Kind.HandWritten, Kind.ListenerCallback, Kind.HandlerTransient];
    private static readonly string[] QuickConsumers = [Kind.Npgsql, Kind.HandlerTransient];
    private static readonly Dictionary<string, string> NoSpinning = new(StringComparer.Ordinal) { ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0" };

    public string Name => "latency";

    public bool IsRehearsed => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("p50 µs", Figure.P50, "0"),
        Column.Ratio("p50 ÷ npgsql alike", Figure.P50, Alike),
        new("p99 µs", Figure.P99, "0"),
        Column.Ratio("p99 ÷ npgsql alike", Figure.P99, Alike),
        new("max µs", Figure.Max, "0"),
        Column.CpuUs,
        Column.Ratio("CPU ÷ npgsql alike", Figure.CpuNs, Alike),
        Column.Ratio("CPU", Figure.CpuNs, Kind.Npgsql),
        new("sleeps each", Figure.SwitchesEach, "0.0"),
    ];

    public string Describe(RunMode mode)
        => $"{PerSecond:N0} transactions with one notification each in a second, for {Seconds(mode)} s. \"No spinning\": with `System.Threading.ThreadPool.UnfairSemaphoreSpinLimit=0`. \"Alike\": with the same setting.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<Goal> Goals { get; } =
    [
        GoalOf("half", Figure.P50, ""), GoalOf("99 %", Figure.P99, ""), GoalOf("half", Figure.P50, Calm), GoalOf("99 %", Figure.P99, Calm),
    ];

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
    {
        var cases = (mode == RunMode.Full ? Consumers : QuickConsumers).Select(consumer => Case(mode, consumer)).ToList();
        return [.. cases, .. cases.Select(each => each with { Name = each.Name + Calm, Environment = NoSpinning })];
    }

    private static Goal GoalOf(string part, string figure, string setting)
        => new($"{part} at {PerSecond:N0} a second{setting}, typed handler ÷ bare loop alike", Kind.HandlerTransient + setting, figure, Kind.Npgsql + setting, 1.05);

    private static BenchCase Case(RunMode mode, string consumer) => new(consumer, new Paced(PerSecond, Seconds(mode)))
    {
        WarmUp = mode == RunMode.Full ? [new Burst(20_000), new Burst(20_000), new Paced(PerSecond, 1)] : [new Burst(20_000), new Burst(20_000)],
        Seconds = Seconds(mode) + 2,
    };

    private static int Seconds(RunMode mode) => mode == RunMode.Full ? 10 : 1;

    private static string Alike(BenchCase benchCase) => benchCase.Name.EndsWith(Calm, StringComparison.Ordinal) ? Kind.Npgsql + Calm : Kind.Npgsql;
}
