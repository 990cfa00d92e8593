namespace PgListener.Bench;

/// <summary>What listening costs while nothing comes. The processes idle at the same time, which disturbs none.</summary>
internal sealed class IdleScenario : IScenario
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(0.5);

    public string Name => "idle";

    public bool IsParallel => true;

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("CPU ms", Figure.CpuMs, "0.0"),
        Column.Ratio("CPU", Figure.CpuMs, Kind.Npgsql),
        new("sleeps", Figure.Switches, "0"),
        Column.Ratio("sleeps", Figure.Switches, Kind.Npgsql),
    ];

    public string Describe(RunMode mode) => $"{Seconds(mode)} s without a notification, with a keep-alive of {KeepAlive(mode)} s. Sleeps are voluntary context switches of all threads: as often they were woken.";

    public int Repetitions(RunMode mode) => 1;

    public IReadOnlyList<Goal> Goals { get; } =
    [
        new("a minute, callback, CPU ÷ bare connection", Kind.ListenerCallback, Figure.CpuMs, Kind.Npgsql, 1.1),
        new("a minute, typed handler, CPU ÷ bare connection", Kind.HandlerTransient, Figure.CpuMs, Kind.Npgsql, 1.1),
    ];

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. new[] { Kind.Npgsql, Kind.ListenerCallback, Kind.HandlerTransient }.Select(consumer => new BenchCase(consumer, new Silence(TimeSpan.FromSeconds(Seconds(mode))))
        {
            Settings = new() { KeepAlive = KeepAlive(mode) },
            WarmUp = [new Silence(TimeSpan.FromSeconds(KeepAlive(mode)) + Margin)],
            Seconds = Seconds(mode) + KeepAlive(mode) + 2,
        })];

    private static int Seconds(RunMode mode) => mode == RunMode.Full ? 60 : 4;

    private static int KeepAlive(RunMode mode) => mode == RunMode.Full ? 10 : 2;
}
