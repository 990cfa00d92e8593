using Microsoft.Extensions.Logging.Testing;
using PgListener.Durable.Membership;
using PgListener.Durable.Streams;
using PgListener.Registration;

namespace PgListener.Durable.Tests.Streams;

/// <summary>The streams of a listener, without its coordination and its wake-ups.</summary>
public class StreamStartTests(ServerFixture server)
{
    [Fact]
    public async Task A_new_coordination_in_another_cluster_is_noticed_without_a_message()
    {
        await using var log = LogDatabase.Of(await server.CreateDatabaseAsync());
        await DurableSchema.CreateAsync(log.DataSource, TestContext.Current.CancellationToken);
        var cluster = new Cluster(await log.QueryAsync<long>("select system_identifier from pg_control_system()"), 0);
        await using var streams = Create(log, () => { });
        streams.Begin(cluster);
        await using var items = streams.ReadAsync("a", new(), TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.Equal(ResyncReason.Started, await NextGapAsync(items));

        var next = NextGapAsync(items);
        streams.Begin(cluster with { Base = 1 });
        Assert.Equal(ResyncReason.Reconnected, await next);
    }

    [Fact]
    public async Task A_stream_that_cannot_begin_leaves_nothing_behind()
    {
        await using var log = LogDatabase.Of(await server.CreateDatabaseAsync());
        var ended = 0;
        await using var streams = Create(log, () => throw new ObjectDisposedException("listener"), () => ended++);
        await using var items = streams.ReadAsync("a", new(), TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await items.MoveNextAsync());
        Assert.Empty(streams.GetStatistics());
        Assert.Equal(1, ended);
    }

    [Fact]
    public void Wake_ups_go_on_for_streams_that_begin_while_others_end()
    {
        var wakeUps = new WakeUps();
        var ending = wakeUps.HearForStreams("a");
        var beginning = wakeUps.HearForStreams("a");
        ending.Dispose();
        wakeUps.Wake("a");
        Assert.Equal(["a"], wakeUps.Take());

        beginning.Dispose();
        wakeUps.Wake("a");
        Assert.Empty(wakeUps.Take());
    }

    private static DurableStreams Create(LogDatabase log, Action coordinate, Action? onEnd = null)
        => new(new()
        {
            DataSource = log.DataSource,
            Options = new(new ListenerOptions()),
            Durable = new(),
            ChannelPrefix = "",
            Coordinate = coordinate,
            Hear = (_, _) => new End(onEnd ?? (() => { })),
            Time = TimeProvider.System,
            Logger = new FakeLogger(),
        });

    private static async Task<ResyncReason?> NextGapAsync(IAsyncEnumerator<DurableStreamItem> items)
    {
        Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(Reading<OrderPlaced>.Limit, TestContext.Current.CancellationToken));
        return items.Current.Gap?.Reason;
    }

    private sealed class End(Action onEnd) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            onEnd();
            return ValueTask.CompletedTask;
        }
    }
}
