namespace PgListener.Bench;

/// <summary>What a call of a handler costs when the channel has a hundred of them.</summary>
internal sealed class FanOutScenario : IScenario
{
    private static readonly int[] Handlers = [1, 100];

    public string Name => "fanout";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("M calls/s", Figure.CallRate, "0.00", 1e6),
        new("CPU ns a call", Figure.CpuNs, "0"),
        Column.Ratio("CPU ÷ one handler", Figure.CpuNs, each => NameOf(each.Consumer, 1)),
        new("bytes a call", Figure.Bytes, "0"),
    ];

    public string Describe(RunMode mode)
        => $"One transaction on one channel that leads to {Calls(mode):N0} calls: of one handler, or of a hundred, each a class and a queue of its own (as callbacks: a hundred callbacks).";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. new[] { Kind.ListenerCallback, Kind.HandlerTransient }.SelectMany(consumer => Handlers.Select(handlers => Case(mode, consumer, handlers)))];

    private static BenchCase Case(RunMode mode, string consumer, int handlers)
    {
        var count = Calls(mode) / handlers;
        return new(NameOf(consumer, handlers), consumer, new Burst(count) { Order = new() { Count = count, Lanes = handlers } })
        {
            Settings = new() { Lanes = handlers, Patient = true },
            WarmUp = WarmUps.Bursts(mode, lanes: handlers),
            Seconds = mode == RunMode.Full ? 5 : 2,
        };
    }

    private static int Calls(RunMode mode) => mode == RunMode.Full ? 1_000_000 : 200_000;

    private static string NameOf(string consumer, int handlers) => $"{consumer}, {handlers} handler{(handlers == 1 ? "" : "s")}";
}
