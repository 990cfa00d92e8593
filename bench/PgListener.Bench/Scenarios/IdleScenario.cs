namespace PgListener.Bench;

/// <summary>What listening costs while nothing comes. The processes idle at the same time, which disturbs none.</summary>
internal sealed class IdleScenario : IScenario
{
    private const string InTiers = " (compiled in tiers)";
    private static readonly string[] Consumers = [Kind.Npgsql, Kind.ListenerCallback, Kind.HandlerTransient];
    private static readonly Dictionary<string, string> CompiledOnce = new(StringComparer.Ordinal) { ["DOTNET_TieredCompilation"] = "0" };

    public string Name => "idle";

    public bool IsParallel => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("CPU ms", Figure.CpuMs, "0.0"),
        Column.Ratio("CPU ÷ npgsql alike", Figure.CpuMs, Alike),
        new("sleeps", Figure.Switches, "0"),
        Column.Ratio("sleeps ÷ npgsql alike", Figure.Switches, Alike),
    ];

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new("a minute, callback, CPU ÷ bare connection", Kind.ListenerCallback, Figure.CpuMs, Kind.Npgsql, 1.1),
        new("callback, without the proof of delivery", Kind.ListenerCallback + BenchCase.Unproven, Figure.CpuMs, Kind.Npgsql, 1.1),
        new("a minute, typed handler, CPU ÷ bare connection", Kind.HandlerTransient, Figure.CpuMs, Kind.Npgsql, 1.1),
        new("typed handler, without the proof of delivery", Kind.HandlerTransient + BenchCase.Unproven, Figure.CpuMs, Kind.Npgsql, 1.1),
    ];

    public string Describe(RunMode mode)
        => $"{Seconds(mode)} s without a notification, with a keep-alive of {KeepAlive(mode)} s. A listener also proves delivery once a minute, except where it is \"unproven\". "
            + "Methods are compiled once (`DOTNET_TieredCompilation=0`); \"compiled in tiers\", as by default, the compiler, which replaces a method after 30 calls, takes most of the first minutes' time. "
            + "Sleeps are voluntary context switches of all threads: as often they were woken. \"Alike\": with the same setting.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 2 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
    {
        var cases = Consumers.Select(consumer => Case(mode, consumer)).ToList();
        if (mode != RunMode.Full)
            return cases;

        var unproven = cases.Skip(1).Select(static each => each.WithoutProofs());
        var inTiers = cases.Select(each => each with { Name = each.Name + InTiers, Environment = new Dictionary<string, string>(StringComparer.Ordinal) });
        return [.. cases, .. unproven, .. inTiers];
    }

    private static BenchCase Case(RunMode mode, string consumer) => new(consumer, new Silence(TimeSpan.FromSeconds(Seconds(mode))))
    {
        Settings = new() { KeepAlive = KeepAlive(mode) },
        WarmUp = [new Silence(WarmUp(mode))],
        Environment = CompiledOnce,
        Seconds = Seconds(mode) + WarmUp(mode).TotalSeconds + 2,
    };

    private static string Alike(BenchCase benchCase) => benchCase.Name.EndsWith(InTiers, StringComparison.Ordinal) ? Kind.Npgsql + InTiers : Kind.Npgsql;

    /// <summary>Everything that happens in the time that is measured has happened before: in the full mode also a proof, one minute after the start.</summary>
    private static TimeSpan WarmUp(RunMode mode) => TimeSpan.FromSeconds(mode == RunMode.Full ? 62.5 : KeepAlive(mode) + 0.5);

    private static int Seconds(RunMode mode) => mode == RunMode.Full ? 60 : 4;

    private static int KeepAlive(RunMode mode) => mode == RunMode.Full ? 10 : 2;
}
