namespace PgListener.Bench;

/// <summary>How fast each consumer gets through very many messages that have waited for it.</summary>
internal sealed class DurableDrainScenario(DurableSize size) : IScenario
{
    private static readonly string[] Consumers =
    [
        MessagingName.PgListener, MessagingName.Plain, MessagingName.SkipLocked1000, MessagingName.SkipLocked100,
        MessagingName.BareRead, MessagingName.Wolverine, MessagingName.Rebus, MessagingName.Hangfire,
    ];

    public string Name => "durable-drain";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("messages", Figure.Count, "#,0"),
        Column.RateInThousands,
        DurableColumn.OursTo("rate", Figure.Rate),
        Column.CpuUs,
        DurableColumn.ServerCpuUs,
        Column.Bytes,
    ];

    public string Describe(RunMode mode)
        => $"{Count(mode):N0} messages wait when the consumer starts, in a process that is warm; slow ones get fewer. The handler counts. \"Server CPU\" is the processor time of all of the server's processes.{Environment.NewLine}{Environment.NewLine}{MessagingList.Configurations(Consumers)}";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode) => [.. Consumers.Select(consumer => Case(mode, MessagingList.Find(consumer)))];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        await using var running = await MessagingCase.StartAsync(benchCase, server, cancellationToken);
        await running.WarmUpAsync(benchCase, cancellationToken);
        return await Drain.MeasureAsync(running, (Waiting)benchCase.Load, server, cancellationToken);
    }

    private BenchCase Case(RunMode mode, IMessaging messaging) => new(messaging.Name, new Waiting(messaging, Math.Max(1, Count(mode) / messaging.Share)))
    {
        WarmUp = Drain.WarmUps(messaging, Count(mode)),
        Seconds = 10,
    };

    private int Count(RunMode mode) => size.MessagesOr(mode, 1_000_000, 50_000);
}
