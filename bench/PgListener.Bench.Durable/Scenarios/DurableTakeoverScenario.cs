using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>How long messages wait when the process that handles them is gone.</summary>
internal sealed class DurableTakeoverScenario : IScenario
{
    private const int PerSecond = 200;
    private const string Killed = "kill -9";
    private const string Frozen = "SIGSTOP";
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public string Name => "durable-takeover";

    public IReadOnlyList<Column> Columns { get; } = [new("ms until the other one handles", Figure.TakeoverMs, "#,0")];

    public string Describe(RunMode mode)
        => $"{PerSecond} messages a second, two processes, one shard. The one that handles them is killed, or frozen; from then to the first message that the other one handles.";

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 5 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
    {
        var load = new Steady(MessagingList.Find(MessagingName.PgListener), PerSecond);
        string[] names = mode == RunMode.Full ? [Killed, Frozen] : [Killed];
        return [.. names.Select(name => new BenchCase(name, MessagingName.PgListener, load) { Settings = new() { Order = load.Order }, Seconds = 10 })];
    }

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        await using var database = await server.CreateDatabaseAsync(cancellationToken);
        await DurableSchema.CreateAsync(database.DataSource, cancellationToken);
        await using var first = await ConsumerProcess.StartAsync(benchCase, database.DataSource, cancellationToken);
        await using var second = await ConsumerProcess.StartAsync(benchCase, database.DataSource, cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = benchCase.Load.SendAsync(database.DataSource, stop.Token);
        await Task.Delay(Settling, cancellationToken);

        var (active, other) = (await first.LookAsync(cancellationToken)).Count > 0 ? (first, second) : (second, first);
        if ((await other.LookAsync(cancellationToken)).Count > 0)
            throw new BenchException("Both processes have handled messages of the same shard.");
        var begin = Stopwatch.GetTimestamp();
        if (benchCase.Name == Killed)
            active.Kill();
        else
            active.Freeze();
        var figures = new Dictionary<string, double>(StringComparer.Ordinal) { [Figure.TakeoverMs] = await TakeoverAsync(other, begin, cancellationToken) };
        // A frozen process does not end by itself.
        active.Kill();
        await stop.CancelAsync();
        await sending;
        return figures;
    }

    private static async Task<double> TakeoverAsync(ConsumerProcess other, long begin, CancellationToken cancellationToken)
    {
        while (Stopwatch.GetElapsedTime(begin) < Limit)
        {
            if ((await other.LookAsync(cancellationToken)).First is var first and not 0)
                return Stopwatch.GetElapsedTime(begin, first).TotalMilliseconds;
            await Task.Delay(LookInterval, cancellationToken);
        }

        throw new BenchException($"The other process has handled nothing in {Limit:c}.");
    }
}
