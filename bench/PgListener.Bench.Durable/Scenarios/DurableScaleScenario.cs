using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>What several processes gain, and how soon one that joins has its share.</summary>
internal sealed class DurableScaleScenario(DurableSize size) : IScenario
{
    private const int WarmUpMessages = 400;
    private const int MostWarmUps = 10;

    public string Name => "durable-scale";

    public IReadOnlyList<Column> Columns { get; } =
    [
        Column.RateInThousands,
        new("rate ÷ 1 instance, 1 shard", Figure.Rate, "0.00", Baseline: _ => Title(1, 1)),
        new("least share of an instance", Figure.LeastShare, "0 %"),
        new("ms until one that joins handles", Figure.JoinMs, "#,0"),
    ];

    public string Describe(RunMode mode)
        => $"{Count(mode):N0} messages with 100 keys, a handler that waits {Shared.WaitMilliseconds} ms; each instance is a process. Together they must get each message once. The last column: from the beginning of the last instance's start, while messages are handled, to its first one.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => mode == RunMode.Full ? [Case(mode, 1, 1), Case(mode, 1, 8), Case(mode, 8, 8)] : [Case(mode, 1, 1), Case(mode, 2, 2)];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        var shared = (Shared)benchCase.Load;
        await using var database = await server.CreateDatabaseAsync(cancellationToken);
        await DurableSchema.CreateAsync(database.DataSource, cancellationToken);
        await using var team = new Team(database);
        for (var i = 1; i < shared.Instances; i++)
            await team.AddAsync(benchCase, cancellationToken);

        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        var last = await JoinAsync(benchCase, shared, team, database, cancellationToken);
        if (shared.Instances > 1)
            figures[Figure.JoinMs] = last;
        await WarmUpAsync(shared, team, cancellationToken);
        var states = await team.MeasureAsync(shared.Waiting, shared.Order, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(states.Where(state => state.First > 0).Min(state => state.First), states.Max(state => state.Last));
        figures[Figure.Rate] = shared.Waiting.Count / elapsed.TotalSeconds;
        figures[Figure.LeastShare] = (double)states.Min(state => state.Count) / shared.Waiting.Count;
        return figures;
    }

    /// <summary>Starts the last instance while the others are busy.</summary>
    private static async Task<double> JoinAsync(BenchCase benchCase, Shared shared, Team team, BenchDatabase database, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var steady = new Steady(shared.Waiting.Messaging, PerSecond: 200);
        var sending = steady.SendAsync(database.DataSource, stop.Token);
        var last = await team.AddAsync(benchCase, cancellationToken);
        MeterState state;
        do
            state = await last.LookAsync(cancellationToken);
        while (state.First == 0);

        await stop.CancelAsync();
        await sending;
        await team.WaitAsync(steady.Sent, cancellationToken);
        return Stopwatch.GetElapsedTime(state.Started, state.First).TotalMilliseconds;
    }

    /// <summary>Until each instance has something to do.</summary>
    private static async Task WarmUpAsync(Shared shared, Team team, CancellationToken cancellationToken)
    {
        var warmUp = shared.Waiting with { Count = WarmUpMessages };
        for (var i = 0; i < MostWarmUps; i++)
        {
            var states = await team.MeasureAsync(warmUp, shared.Order, cancellationToken);
            if (states.All(state => state.Count > 0))
                return;
        }

        throw new BenchException($"After {MostWarmUps} times {WarmUpMessages} messages, an instance had none of the last ones.");
    }

    private BenchCase Case(RunMode mode, int instances, int shards)
    {
        var load = new Shared(new Waiting(MessagingList.Find(MessagingName.PgListener), Count(mode)), instances, shards);
        return new(Title(instances, shards), MessagingName.PgListener, load)
        {
            Settings = new() { Shards = shards, Order = load.Order },
            Seconds = Count(mode) / 500.0 / shards + 3 + instances,
        };
    }

    private int Count(RunMode mode) => size.MessagesOr(mode, 10_000, 2_000);

    private static string Title(int instances, int shards)
        => $"{instances} instance{(instances == 1 ? "" : "s")}, {shards} shard{(shards == 1 ? "" : "s")}";
}
