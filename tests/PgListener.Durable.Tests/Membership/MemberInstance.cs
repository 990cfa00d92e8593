using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.Connections;
using PgListener.Durable.Membership;
using PgListener.Registration;

namespace PgListener.Durable.Tests.Membership;

/// <summary>One instance of an application: its coordination, with runs that read nothing.</summary>
internal sealed class MemberInstance : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly ConnectionSource _connections;
    private readonly Task _loop;

    public MemberInstance(string connectionString, TimeSpan? sessionTimeout = null, FakeRunner? runner = null, NpgsqlDataSource? dataSource = null, Func<Cluster, CancellationToken, Task>? keep = null, params IReadOnlyList<DurableSubscription> subscriptions)
    {
        Runner = runner ?? new();
        var options = new ListenerOptions();
        _connections = dataSource is null ? ConnectionSource.From(connectionString, options, configure: null) : ConnectionSource.From(dataSource);
        WakeUps = new();
        var time = TimeProvider.System;
        var logger = new FakeLogger(Log);
        var loop = new CoordinationLoop(
            new()
            {
                Connections = _connections,
                Options = new(options),
                Durable = new() { SessionTimeout = sessionTimeout ?? TimeSpan.FromSeconds(5) },
                Schema = new PlainSchemaCheck(),
                Clusters = new PlainClusterDiscovery(),
                Registrar = new(logger),
                Subscriptions = subscriptions.Count > 0 ? subscriptions : [Handler("a")],
                Runner = Runner,
                Keep = keep,
                FormerRuns = new(time),
                WakeUps = WakeUps,
                Time = time,
                Logger = logger,
            },
            Random.Shared.NextDouble);
        _loop = Task.Run(() => loop.RunAsync(_stopping.Token, _abort.Token), CancellationToken.None);
    }

    public FakeRunner Runner { get; }

    /// <summary>What it has logged, which a test that fails shows.</summary>
    public FakeLogCollector Log { get; } = new(Microsoft.Extensions.Options.Options.Create(new FakeLogCollectorOptions { OutputSink = OutputOf(TestContext.Current.TestOutputHelper) }));

    public WakeUps WakeUps { get; }

    public IReadOnlyList<string> Warnings => [.. Log.GetSnapshot().Where(line => line.Level >= LogLevel.Warning).Select(line => line.Message)];

    public static DurableSubscription Handler(string channel, int shards = 1, DurableStart? start = null, DurableMode mode = DurableMode.Shared, string name = "h")
        => new(channel, channel, name, new() { Shards = shards, StartFrom = start, Mode = mode }, new(), new MessageHandler((_, _, _) => Task.CompletedTask, OnResync: null));

    private static Action<string>? OutputOf(ITestOutputHelper? output) => output is null ? null : line =>
    {
        try
        {
            output.WriteLine(line);
        }
        catch (InvalidOperationException)
        {
            // The test is over.
        }
    };

    public async Task StopAsync(TimeSpan? limit = null)
    {
        _abort.CancelAfter(limit ?? TimeSpan.FromSeconds(20));
        await _stopping.CancelAsync();
        await _loop;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        await _connections.DisposeAsync();
        _stopping.Dispose();
        _abort.Dispose();
    }
}
