namespace PgListener.Bench;

/// <summary>What waiting costs the server while nothing comes.</summary>
internal sealed class DurableIdleScenario(DurableSize size) : IScenario
{
    private const int Subscriptions = 10;

    /// <summary>A session of the server may report what it has done only 10 s after the last thing, and a start takes a while.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(15);
    private static readonly string[] Consumers =
    [
        MessagingName.PgListener, MessagingName.SkipLocked1000, MessagingName.Wolverine, MessagingName.Rebus, MessagingName.Hangfire,
    ];

    public string Name => "durable-idle";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("transactions a second", Figure.Transactions, "0.0"),
        DurableColumn.OursTo("transactions", Figure.Transactions) with { Format = "0.0" },
        new("CPU ms a second", Figure.CpuMs, "0.0"),
        new("server CPU ms a second", Figure.ServerCpuNs, "0.0", 1e6),
    ];

    public string Describe(RunMode mode)
        => $"{Seconds(mode)} s without a message, for {Subscriptions} subscriptions or queues in one process, with the settings that each has by default. A statement is a transaction here.";

    public int Repetitions(RunMode mode) => 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. Consumers.Select(consumer => new BenchCase(consumer, new Silence(TimeSpan.FromSeconds(Seconds(mode))))
        {
            Settings = new() { Subscriptions = Subscriptions, Order = new() },
            Seconds = Seconds(mode) + 6,
        })];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        var load = (Silence)benchCase.Load;
        await using var database = await server.CreateDatabaseAsync(cancellationToken);
        await MessagingList.Find(benchCase.Consumer).PrepareAsync(database.DataSource, cancellationToken);
        // The sessions that have prepared it report when they end.
        database.DataSource.Clear();
        await using var consumer = await ConsumerProcess.StartAsync(benchCase, database.DataSource, cancellationToken);
        // A short run is only to see that it works.
        await Task.Delay(load.Duration < Settling ? load.Duration : Settling, cancellationToken);

        await consumer.ArmAsync(load.Order, cancellationToken);
        var (transactions, cpu) = (await database.TransactionsAsync(cancellationToken), server.ProcessorTime());
        await load.SendAsync(database.DataSource, cancellationToken);
        var (done, used) = (await database.TransactionsAsync(cancellationToken) - transactions, server.ProcessorTime() - cpu);
        var figures = await consumer.CollectAsync(cancellationToken);
        consumer.Kill();
        figures[Figure.Transactions] = done / load.Duration.TotalSeconds;
        figures[Figure.CpuMs] /= load.Duration.TotalSeconds;
        figures[Figure.ServerCpuNs] = used.TotalNanoseconds / load.Duration.TotalSeconds;
        return figures;
    }

    private int Seconds(RunMode mode) => size.SecondsOr(mode, 20, 5);
}
