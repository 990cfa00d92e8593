using System.Diagnostics;
using System.Globalization;

namespace PgListener.Bench;

/// <summary>How long it takes until a value that one instance removes from its cache is gone on another instance.</summary>
internal sealed class CacheScenario : IScenario
{
    private const string Hybrid = "hybrid-pglistener";
    private const string Fusion = "fusion-pglistener";
    private const string FusionOnRedis = "fusion-redis";
    private const string FromReturn = "_after_return";

    private static readonly string[] Kinds = RedisServer.IsInstalled ? [Hybrid, Fusion, FusionOnRedis] : [Hybrid, Fusion];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(6);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public string Name => "caches";

    public IReadOnlyList<Column> Columns { get; } =
    [
        new("p50 µs", Figure.P50, "0"),
        new("p99 µs", Figure.P99, "0"),
        new("max µs", Figure.Max, "0"),
        new("p50 µs after the return", Figure.P50 + FromReturn, "0"),
        new("p99 µs after the return", Figure.P99 + FromReturn, "0"),
    ];

    public string Describe(RunMode mode)
        => $"{Count(mode):N0} removals, one every few milliseconds, from the call on one instance until the value is gone from the memory of another one, which asks for it all the time; then, from the return of the call. Both instances are in this program's process, each with its own connections.{(RedisServer.IsInstalled ? "" : " Redis is not installed.")}";

    public bool IsOnDisk => true;

    public int Repetitions(RunMode mode) => mode == RunMode.Full ? 3 : 1;

    public IReadOnlyList<BenchCase> Cases(RunMode mode)
        => [.. Kinds.Select(kind => new BenchCase(kind, new Removals(Count(mode))) { Seconds = Count(mode) / 100.0 + 3 })];

    public async Task<IReadOnlyDictionary<string, double>> MeasureAsync(BenchCase benchCase, BenchServer server, CancellationToken cancellationToken)
    {
        var count = ((Removals)benchCase.Load).Count;
        if (benchCase.Consumer == FusionOnRedis)
        {
            await using var redis = await RedisServer.StartAsync(cancellationToken);
            return await MeasureAsync(token => FusionInstance.StartOnRedisAsync(redis.Configuration, token), count, cancellationToken);
        }

        var database = await server.CreateDatabaseAsync(cancellationToken);
        await using (database)
        {
            return await MeasureAsync(
                token => benchCase.Consumer == Hybrid ? HybridInstance.StartAsync(database.ConnectionString, token) : FusionInstance.StartOnPostgresAsync(database.ConnectionString, token), count, cancellationToken);
        }
    }

    private static async Task<IReadOnlyDictionary<string, double>> MeasureAsync(Func<CancellationToken, Task<ICacheInstance>> startAsync, int count, CancellationToken cancellationToken)
    {
        await using var writer = await startAsync(cancellationToken);
        await using var reader = await startAsync(cancellationToken);
        await MeasureAsync(writer, reader, count / 5, cancellationToken); // Not counted: what is used for the first time is compiled.
        var (fromCall, fromReturn) = await MeasureAsync(writer, reader, count, cancellationToken);
        return new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [Figure.P50] = At(fromCall, 0.5),
            [Figure.P99] = At(fromCall, 0.99),
            [Figure.Max] = fromCall[^1],
            [Figure.P50 + FromReturn] = At(fromReturn, 0.5),
            [Figure.P99 + FromReturn] = At(fromReturn, 0.99),
        };
    }

    /// <summary>Both sorted, in microseconds.</summary>
    private static async Task<(double[] FromCall, double[] FromReturn)> MeasureAsync(ICacheInstance writer, ICacheInstance reader, int count, CancellationToken cancellationToken)
    {
        var (fromCall, fromReturn) = (new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"product:{i}");
            await reader.FillAsync(key);
            if (!reader.Has(key))
                throw new BenchException($"{key} is not in the cache after it was read.");

            var gone = WhenGoneAsync(reader, key, cancellationToken);
            await Task.Delay(Pause, cancellationToken); // The other thread is asking by then, and no removal shares a notification.
            var called = Stopwatch.GetTimestamp();
            await writer.RemoveAsync(key);
            var returned = Stopwatch.GetTimestamp();
            var at = await gone;
            fromCall[i] = Stopwatch.GetElapsedTime(called, at).TotalMicroseconds;
            fromReturn[i] = Stopwatch.GetElapsedTime(returned, at).TotalMicroseconds;
        }

        Array.Sort(fromCall);
        Array.Sort(fromReturn);
        return (fromCall, fromReturn);
    }

    private static Task<long> WhenGoneAsync(ICacheInstance reader, string key, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () =>
        {
            var begin = Stopwatch.GetTimestamp();
            while (reader.Has(key))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Stopwatch.GetElapsedTime(begin) > Limit)
                    throw new BenchException($"{key} is still in the cache after {Limit.TotalSeconds} s.");
                Thread.Yield();
            }

            return Stopwatch.GetTimestamp();
        },
        cancellationToken,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private static double At(double[] sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];

    private static int Count(RunMode mode) => mode == RunMode.Full ? 5_000 : 100;
}
