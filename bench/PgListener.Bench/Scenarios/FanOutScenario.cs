namespace PgListener.Bench;

/// <summary>What a call of a handler costs when the channel has up to a thousand of them.</summary>
internal sealed class FanOutScenario : IScenario
{
    private static readonly int[] Handlers = [1, 10, 100, 1_000];
    private static readonly int[] QuickHandlers = [1, 1_000];
    private static readonly string[] Consumers = [Kind.NpgsqlTimeout0, Kind.ListenerCallback, Kind.NpgsqlJson, Kind.HandlerTransient];
    private static readonly string[] QuickConsumers = [Kind.NpgsqlJson, Kind.HandlerTransient];

    public string Name => "fanout";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("M calls/s", Figure.CallRate, "0.00", 1e6),
        new("CPU ns a call", Figure.CpuNs, "0"),
        Column.Ratio("CPU ÷ one handler", Figure.CpuNs, each => NameOf(each.Consumer, 1)),
        Column.Ratio("CPU ÷ bare loop alike", Figure.CpuNs, Bare),
        new("bytes a call", Figure.Bytes, "0"),
        new("ms until listening", Figure.StartMs, "0.0"),
        Column.Ratio("time ÷ bare loop alike", Figure.StartMs, Bare),
    ];

    public string Describe(RunMode mode)
        => $"One transaction on one channel that leads to {Calls(mode):N0} calls: of one handler, or of many, each a class and a queue of its own (as callbacks: as many callbacks). "
            + $"The bare loop has as many event handlers: `{Kind.NpgsqlTimeout0}` for callbacks, and `{Kind.NpgsqlJson}`, whose event handlers each parse the payload, for handlers. The start is the second one in the process.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from consumer in mode == RunMode.Full ? Consumers : QuickConsumers
               from handlers in mode == RunMode.Full ? Handlers : QuickHandlers
               select Case(mode, consumer, handlers)];

    private static BenchCase Case(RunMode mode, string consumer, int handlers)
    {
        var count = Calls(mode) / handlers;
        return new(NameOf(consumer, handlers), consumer, new Burst(count) { Order = new() { Count = count, Lanes = handlers } })
        {
            Settings = new() { Lanes = handlers, Patient = true, Rehearsals = 1 },
            WarmUp = WarmUps.Bursts(mode, lanes: handlers),
            Seconds = mode == RunMode.Full ? 5 : 2,
        };
    }

    private static int Calls(RunMode mode) => mode == RunMode.Full ? 1_000_000 : 200_000;

    private static string Bare(BenchCase each)
        => NameOf(each.Consumer is Kind.NpgsqlTimeout0 or Kind.ListenerCallback ? Kind.NpgsqlTimeout0 : Kind.NpgsqlJson, each.Settings.Lanes);

    private static string NameOf(string consumer, int handlers) => $"{consumer}, {handlers:N0} handler{(handlers == 1 ? "" : "s")}";
}
