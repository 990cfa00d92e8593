using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Testing;
using PgListener.Durable.Membership;
using PgListener.Durable.Walks;

namespace PgListener.Durable.Tests;

/// <summary>A subscription whose shards a test walks without the coordination of several processes.</summary>
internal sealed class Walker(LogDatabase database, Func<DurableMessage, string, CancellationToken, Task> handle, Action<DurableHandlerOptions>? configure = null, int maxConcurrency = 1)
{
    private readonly SemaphoreSlim _handled = new(0);
    private int _id;

    public ConcurrentQueue<string> Handled { get; } = [];

    public int Id => _id;

    /// <summary>What the handler does about a gap; <see langword="null"/> if it does not ask for it.</summary>
    public ResyncCallback? OnResync { get; init; }

    public int PageSize { get; init; } = 1_000;

    public FakeLogger Log { get; } = new();

    public static async Task<Walker> CreateAsync(
        LogDatabase database, Func<DurableMessage, string, CancellationToken, Task>? handle = null, Action<DurableHandlerOptions>? configure = null, int maxConcurrency = 1,
        ResyncCallback? onResync = null, int pageSize = 1_000)
    {
        var walker = new Walker(database, handle ?? ((_, _, _) => Task.CompletedTask), configure, maxConcurrency) { OnResync = onResync, PageSize = pageSize };
        walker._id = await database.QueryAsync<int>("insert into pglistener.subscription (channel, name, shards) values ('a', 'h', 1) returning id");
        await database.ExecuteAsync(
            $"insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) select {walker._id}, 0, 1, system_identifier, '1:1:', 0, 'test' from pg_control_system()");
        return walker;
    }

    public async Task<ShardWalk> StartAsync(string holder = "one")
    {
        var options = new DurableHandlerOptions { RetryDelay = TimeSpan.FromMilliseconds(20) };
        configure?.Invoke(options);
        var definition = new DurableSubscription("a", "a", "h", options, new() { MaxConcurrency = maxConcurrency }, new(HandleAsync, OnResync));
        var context = new WalkContext(database.DataSource, new() { PageSize = PageSize }, "", holder, null, TimeProvider.System, Log);
        return ShardWalk.Start(new(_id, definition, 1), 0, new(await database.QueryAsync<long>("select system_identifier from pg_control_system()"), 0), context);
    }

    /// <summary>Completes when a number of messages were handled.</summary>
    public async Task WhenHandledAsync(int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            while (Handled.Count < count)
                await _handled.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Only {Handled.Count} of {count} were handled, at last {string.Join(' ', Handled.TakeLast(20))}. Log: {string.Join(Environment.NewLine, Log.Collector.GetSnapshot().Select(record => record.Message + record.Exception))}");
        }
    }

    private async Task HandleAsync(DurableMessage message, string payload, CancellationToken cancellationToken)
    {
        await handle(message, payload, cancellationToken);
        Handled.Enqueue(payload);
        _handled.Release();
    }
}
