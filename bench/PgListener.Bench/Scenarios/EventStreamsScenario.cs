using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>What a thousand event streams to browsers cost the web server, and how soon an event is there.</summary>
internal sealed class EventStreamsScenario : IScenario
{
    private const int PerSecond = 20;
    private const string Project = "PgListener.Bench.EventStreams";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string[] Consumers = [Kind.HandWrittenEventStreams, Kind.EventStreams];
    private static readonly int[] Counts = [1, 100, 1_000];
    private static readonly int[] QuickCounts = [200];

    public string Name => "event-streams";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("CPU µs an event", Figure.CpuNs, "0.0", 1e3),
        Column.Ratio($"CPU ÷ {Kind.HandWrittenEventStreams} alike", Figure.CpuNs, Alike),
        new("bytes an event", Figure.Bytes, "0"),
        new("p50 µs", Figure.P50, "0"),
        Column.Ratio($"p50 ÷ {Kind.HandWrittenEventStreams} alike", Figure.P50, Alike),
        new("p99 µs", Figure.P99, "0"),
        new("max µs", Figure.Max, "0"),
    ];

    public string Describe(RunMode mode)
        => $"{PerSecond} transactions with one notification each in a second, for {Seconds(mode)} s, to Kestrel, which sends each to all clients as a server-sent event; from before the sending until a client has read the line. The clients are in this program's process; cost is that of the server's process. "
            + $"`{Kind.EventStreams}`: `TypedResults.ServerSentEvents` over `ReadItemsAsync`. `{Kind.HandWrittenEventStreams}`: the same over a bare loop that parses once, and a bounded `Channel<T>` for each stream.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from streams in mode == RunMode.Full ? Counts : QuickCounts
               from consumer in Consumers
               select Case(mode, consumer, streams)];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        var ready = benchCase with { Settings = benchCase.Settings with { Port = FreePort.Next() } };
        await using var consumer = await ConsumerProcess.StartAsync(ready, server.DataSource, cancellationToken);
        await using var browsers = await BrowserCrowd.OpenAsync(ready.Settings.Port, benchCase.Settings.Lanes, cancellationToken);
        foreach (var load in benchCase.WarmUp)
            await MeasureAsync(consumer, browsers, load, server, cancellationToken);
        return await MeasureAsync(consumer, browsers, benchCase.Load, server, cancellationToken);
    }

    private static async Task<Dictionary<string, double>> MeasureAsync(ConsumerProcess consumer, BrowserCrowd browsers, ILoad load, BenchServer server, CancellationToken cancellationToken)
    {
        browsers.Expect(load.Order.Count);
        await consumer.ArmAsync(load.Order, cancellationToken);
        await load.SendAsync(server.DataSource, cancellationToken);
        var delays = await browsers.CollectAsync(Limit, cancellationToken);
        var figures = await consumer.CollectAsync(cancellationToken);
        MeterFigures.AddLatencies(figures, delays);
        return figures;
    }

    private static BenchCase Case(RunMode mode, string consumer, int streams)
    {
        return new(NameOf(consumer, streams), consumer, Paced(Seconds(mode)))
        {
            Start = kind => OwnProgram.OfProject(Project, ConsumerProgram.Verb, kind),
            Settings = new() { Lanes = streams, Order = new() },
            WarmUp = mode == RunMode.Full ? [Paced(1), Paced(1)] : [Paced(1)],
            Seconds = Seconds(mode) + 4,
        };

        Paced Paced(int seconds) => new(PerSecond, seconds) { Order = new() { Count = PerSecond * seconds, Lanes = streams } };
    }

    private static int Seconds(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    private static string NameOf(string consumer, int streams) => $"{consumer}, {streams:N0} stream{(streams == 1 ? "" : "s")}";

    private static string Alike(BenchCase each) => NameOf(Kind.HandWrittenEventStreams, each.Settings.Lanes);
}
