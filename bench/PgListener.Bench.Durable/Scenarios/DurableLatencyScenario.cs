using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>How long a message takes from its commit into the handler.</summary>
internal sealed class DurableLatencyScenario(DurableSize size) : IScenario
{
    private const string P50 = "commit_p50_us";
    private const string P99 = "commit_p99_us";
    private const int WarmUpMessages = 5_000;
    private static readonly string[] Consumers =
    [
        MessagingName.PgListener, MessagingName.PgListenerTransaction, MessagingName.Plain, MessagingName.SkipLocked100,
        MessagingName.Wolverine, MessagingName.Rebus, MessagingName.HangfireLongPolling,
    ];

    public string Name => "durable-latency";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("p50 ms", P50, "0.00", 1e3),
        new("p99 ms", P99, "0.00", 1e3),
        new("p50 ms from before sending", Figure.P50, "0.00", 1e3),
        new("p99 ms from before sending", Figure.P99, "0.00", 1e3),
        Column.CpuUs,
        DurableColumn.ServerCpuUs,
    ];

    public string Describe(RunMode mode)
        => $"{string.Join(" and ", Rates(mode).Select(rate => $"{rate:N0}"))} messages a second, for {Seconds(mode)} s, each in a transaction of its own. The first two columns: from the moment at which the sender knows that it is committed to the handler; a handler may be earlier.{Environment.NewLine}{Environment.NewLine}{MessagingList.Configurations(Consumers)}";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. from rate in Rates(mode)
               from consumer in Consumers
               where rate <= MessagingList.Find(consumer).MaxPaced
               let messaging = MessagingList.Find(consumer)
               select new BenchCase($"{consumer}, {rate:N0}/s", consumer, new PacedMessages(messaging, rate, Seconds(mode)))
               {
                   WarmUp = [.. Drain.WarmUps(messaging, WarmUpMessages), new PacedMessages(messaging, rate, 1)],
                   Seconds = Seconds(mode) + 4,
               }];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        await using var running = await MessagingCase.StartAsync(benchCase, server, cancellationToken);
        await running.WarmUpAsync(benchCase, cancellationToken);
        var load = (PacedMessages)benchCase.Load;
        var before = server.ProcessorTime();
        var figures = await running.Consumer.MeasureAsync(load, cancellationToken);
        figures[Figure.ServerCpuNs] = (server.ProcessorTime() - before).TotalNanoseconds / load.Order.Count;

        var arrivals = await running.Consumer.ArrivalsAsync(cancellationToken);
        var latencies = arrivals.Zip(load.Committed, (arrival, committed) => Stopwatch.GetElapsedTime(committed, arrival).TotalMicroseconds).Skip(1).Order().ToList();
        figures[P50] = latencies[(int)(latencies.Count * 0.5)];
        figures[P99] = latencies[(int)(latencies.Count * 0.99)];
        return figures;
    }

    private static int[] Rates(RunMode mode) => mode == RunMode.Full ? [200, 1_000] : [1_000];

    private int Seconds(RunMode mode) => size.SecondsOr(mode, 10, 2);
}
