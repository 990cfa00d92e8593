using System.Diagnostics;
using System.Globalization;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>More notifications at once than anyone can take.</summary>
[Collection(nameof(Alone))]
public sealed class FloodTests(ServerFixture server, ITestOutputHelper output)
{
    private const int Million = 1_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_million_reach_a_subscriber_beside_one_that_hangs()
    {
        const int Capacity = 100;
        const long Bound = 30_000_000;
        var channel = NewChannel();
        var stuck = new Received<string>();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = new Listener(server.ConnectionString);
        await using var hanging = await listener.SubscribeAsync(
            channel,
            async (context, _) =>
            {
                await release.Task;
                stuck.Add(context.Payload);
            },
            new() { QueueCapacity = Capacity, MaxBackpressure = TimeSpan.FromMilliseconds(200), OnResync = Announce(stuck) },
            Cancellation);
        var memory = new Received<long>();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var order = new Order(Million, onEach: 100_000, each: () => memory.Add(GC.GetTotalMemory(forceFullCollection: true) - before));
        await using var witness = await listener.SubscribeAsync(channel, order.OnNotification, cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        Assert.Equal("Started 0", await stuck.NextAsync());

        var watch = Stopwatch.StartNew();
        await server.Sender.NotifyRangeAsync(channel, 1, Million, cancellationToken: Cancellation);
        var sent = watch.Elapsed;
        await order.Completed.SoonAsync(60);
        var most = (await memory.NextAsync(Million / 100_000, seconds: 1)).Max();
        output.WriteLine($"1,000,000 sent in {sent.TotalSeconds:0.0} s, received in order after {watch.Elapsed.TotalSeconds:0.0} s, {most:n0} bytes more in use at most");
        Assert.InRange(most, long.MinValue, Bound);
        await QueueEmptiesAsync();
        Assert.Equal(0, stuck.Waiting);

        release.SetResult();
        Assert.Equal(Enumerable.Range(1, Capacity).Select(i => $"{i}"), await stuck.NextAsync(Capacity, seconds: 20));
        Assert.Equal($"Overflow {Million - Capacity}", await stuck.NextAsync());
        await server.NotifyAsync(channel, "after", "that");
        Assert.Equal(["after", "that"], await stuck.NextAsync(2, seconds: 20));
    }

    [Fact]
    public async Task A_million_reach_a_handler_that_is_slower_than_they_come()
    {
        var channel = NewChannel();
        var gaps = new Received<string>();
        var order = new Order(Million, spins: 30);
        await using var listener = new Listener(server.ConnectionString, new() { QueueCapacity = 1_000 });
        await using var subscription = await listener.SubscribeAsync(channel, order.OnNotification, new() { OnResync = Announce(gaps) }, Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        var session = listener.Connection.ProcessID;

        var watch = Stopwatch.StartNew();
        await server.Sender.NotifyRangeAsync(channel, 1, Million, cancellationToken: Cancellation);
        var sent = watch.Elapsed;
        await order.Completed.SoonAsync(60);
        output.WriteLine($"1,000,000 sent in {sent.TotalSeconds:0.0} s, received in order after {watch.Elapsed.TotalSeconds:0.0} s");
        await QueueEmptiesAsync();
        Assert.Equal("Started 0", await gaps.NextAsync());
        Assert.Equal(0, gaps.Waiting);
        Assert.Equal(session, listener.Connection.ProcessID);
    }

    [Theory]
    [InlineData(FullQueueMode.Drop)]
    [InlineData(FullQueueMode.KeepLatest)]
    public async Task A_burst_never_pauses_the_reading_in_the_other_modes(FullQueueMode mode)
    {
        const int Capacity = 100;
        const int Burst = 100_000;
        var channel = NewChannel();
        var stuck = new Received<string>();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = new Listener(server.ConnectionString, new() { MaxBackpressure = TimeSpan.FromHours(1) });
        await using var hanging = await listener.SubscribeAsync(
            channel,
            async (context, _) =>
            {
                entered.TrySetResult();
                await release.Task;
                stuck.Add(context.Payload);
            },
            new() { FullQueueMode = mode, QueueCapacity = Capacity, OnResync = Announce(stuck) },
            Cancellation);
        var order = new Order(Burst);
        await using var witness = await listener.SubscribeAsync(channel, order.OnNotification, cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        Assert.Equal("Started 0", await stuck.NextAsync());

        await server.NotifyAsync(channel, "1");
        await entered.Task.SoonAsync();
        await server.Sender.NotifyRangeAsync(channel, 2, Burst - 1, cancellationToken: Cancellation);
        await order.Completed.SoonAsync();
        await QueueEmptiesAsync();
        release.SetResult();
        if (mode == FullQueueMode.Drop)
        {
            Assert.Equal(Enumerable.Range(1, Capacity).Select(i => $"{i}"), await stuck.NextAsync(Capacity, seconds: 20));
            Assert.Equal($"Overflow {Burst - Capacity}", await stuck.NextAsync());
        }
        else
        {
            Assert.Equal(["1", $"{Burst}"], await stuck.NextAsync(2, seconds: 20));
        }

        await server.NotifyAsync(channel, "after");
        Assert.Equal("after", await stuck.NextAsync());
    }

    public enum Fault
    {
        Throws,
        BlocksItsThread,
        Hangs,
        HangsAndIgnoresItsLimit,
    }

    [Theory]
    [InlineData(Fault.Throws)]
    [InlineData(Fault.BlocksItsThread)]
    [InlineData(Fault.Hangs)]
    [InlineData(Fault.HangsAndIgnoresItsLimit)]
    public async Task A_bad_handler_holds_up_the_others_for_a_bounded_time_at_most(Fault fault)
    {
        const int Count = 10_000;
        var maxBackpressure = TimeSpan.FromMilliseconds(300);
        var channel = NewChannel();
        using var never = new ManualResetEventSlim();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var listener = new Listener(server.ConnectionString, new() { DrainTimeout = TimeSpan.Zero });
        await using var bad = await listener.SubscribeAsync(
            channel,
            async (_, token) =>
            {
                switch (fault)
                {
                    case Fault.Throws:
                        throw new InvalidOperationException("bad");
                    case Fault.BlocksItsThread:
                        never.Wait(CancellationToken.None);
                        break;
                    case Fault.Hangs:
                        await Task.Delay(Timeout.Infinite, token);
                        break;
                    default:
                        await release.Task;
                        break;
                }
            },
            new()
            {
                QueueCapacity = 10,
                MaxBackpressure = maxBackpressure,
                Timeout = fault == Fault.HangsAndIgnoresItsLimit ? TimeSpan.FromMilliseconds(10) : null,
            },
            Cancellation);
        var order = new Order(Count);
        await using var good = await listener.SubscribeAsync(channel, order.OnNotification, cancellationToken: Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        var watch = Stopwatch.StartNew();
        await server.Sender.NotifyRangeAsync(channel, 1, Count, cancellationToken: Cancellation);
        await order.Completed.SoonAsync();
        var took = watch.Elapsed;
        output.WriteLine($"{fault}: the other had everything after {took.TotalSeconds:0.00} s");
        never.Set();
        release.SetResult();
        Assert.True(took <= maxBackpressure + TimeSpan.FromSeconds(2), $"It took {took}.");
    }

    private static ResyncCallback Announce(Received<string> received)
        => (resync, _) =>
        {
            received.Add($"{resync.Reason} {resync.Dropped}");
            return Task.CompletedTask;
        };

    /// <summary>The server holds nothing back for anyone any more.</summary>
    private async Task QueueEmptiesAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var usage = server.Sender.CreateCommand("select pg_notification_queue_usage()");
        while (await usage.ExecuteScalarAsync(Cancellation) is not 0.0)
            limit.Token.ThrowIfCancellationRequested();
    }

    /// <summary>A callback that expects the numbers from 1 up, none missing, none twice.</summary>
    private sealed class Order(int count, int spins = 0, int onEach = int.MaxValue, Action? each = null)
    {
        private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _last;

        public Task Completed => _completed.Task;

        public Task OnNotification(NotificationContext context, CancellationToken cancellationToken)
        {
            var number = int.Parse(context.Payload, CultureInfo.InvariantCulture);
            if (number != ++_last)
                _completed.TrySetException(new InvalidOperationException($"{_last} was due, but {number} came."));
            Thread.SpinWait(spins);
            if (number % onEach == 0)
                each?.Invoke();
            if (number == count)
                _completed.TrySetResult();
            return Task.CompletedTask;
        }
    }
}
