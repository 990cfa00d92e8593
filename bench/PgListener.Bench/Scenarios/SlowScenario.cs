namespace PgListener.Bench;

/// <summary>Whether a handler that is slower than the server keeps the memory within the bound, and loses nothing.</summary>
internal sealed class SlowScenario : IScenario
{
    private const double BoundMb = 8;
    private const double SlackMb = 2;
    private const int SpinMicroseconds = 20;

    private static readonly string[] Consumers = [Kind.Npgsql, Kind.HandWrittenChannel, Kind.ListenerCallback, Kind.HandlerTransient];
    private static readonly string[] QuickConsumers = [Kind.ListenerCallback, Kind.HandlerTransient];

    public string Name => "slow";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("peak MB", Figure.PeakMb, "0.0"),
        new("÷ bound", Figure.PeakMb, "0.00", BoundMb),
        Column.RateInThousands,
    ];

    public string Describe(RunMode mode)
        => $"One transaction with {Count(mode):N0} notifications, to a handler that computes for {SpinMicroseconds} µs. Peak: live managed memory above that before, collected before each of 25 samples. "
            + $"The bound of PgListener's queue is set to {BoundMb} MB; with {SlackMb} MB more for everything else a run counts as failed.";

    public int Repetitions(RunMode mode) => 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. (mode == RunMode.Full ? Consumers : QuickConsumers).Select(consumer => Case(mode, consumer))];

    public string? Judge(BenchCase benchCase, IReadOnlyDictionary<string, double> figures)
        => benchCase.Consumer is Kind.ListenerCallback or Kind.HandlerTransient && figures[Figure.PeakMb] > BoundMb + SlackMb
            ? $"{figures[Figure.PeakMb]:0.0} MB is more than the bound."
            : null;

    private static BenchCase Case(RunMode mode, string consumer)
        => new(consumer, new Burst(Count(mode)) { Order = new() { Count = Count(mode), SpinMicroseconds = SpinMicroseconds, Memory = true } })
        {
            Settings = new() { QueueCapacityBytes = (long)(BoundMb * 1e6), QueueCapacity = 1_000_000, Patient = true },
            WarmUp = [new Burst(20_000)],
            Seconds = (Count(mode) * SpinMicroseconds / 1e6) + 2,
        };

    private static int Count(RunMode mode) => mode == RunMode.Full ? 1_000_000 : 50_000;
}
