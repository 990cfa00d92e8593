using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PgListener.Session;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>While a wait of the session is pending, notifications are delivered on a thread of Npgsql's: nobody's waking is lost, whatever the session does at that moment.</summary>
[Collection(nameof(Alone))]
public sealed class WakeUpsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(8);

    private readonly RoutingKit _routing = new();
    private readonly WakeUps _wakeUps = new();
    private readonly SubscriptionContext _context = new(
        new(), new(TimeProvider.System), new(), _ => throw new NotSupportedException(), TimeProvider.System, NullLogger.Instance);

    public WakeUpsTests() => _routing.Difference.BeginSession();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Moment.WaitBegun)]
    [InlineData(Moment.WaitFoundPending)]
    [InlineData(Moment.ThreadGivenAway)]
    public async Task A_notification_that_is_delivered_on_another_thread_while_the_wait_is_pending_wakes_its_consumer(Moment moment)
    {
        var (first, second) = (Subscribe("a"), Subscribe("b"));
        await using var connection = new NpgsqlConnection("Host=nowhere");
        using var messages = new MessageWait(connection, TimeSpan.FromSeconds(10), Cancellation);
        _wakeUps.Hold();
        Deliver("a");
        var message = new TaskCompletionSource<bool>();
        var wait = new ReadingWait(message.Task, messages, _wakeUps).GetAwaiter();
        DeliverElsewhere(moment, Moment.WaitBegun);
        Assert.False(wait.IsCompleted);
        DeliverElsewhere(moment, Moment.WaitFoundPending);
        var resumed = new TaskCompletionSource();
        wait.UnsafeOnCompleted(resumed.SetResult);
        DeliverElsewhere(moment, Moment.ThreadGivenAway);
        Assert.True(await first.WaitAsync(Limit, Cancellation));

        // The next time that there is nothing to read, at the latest.
        message.SetResult(true);
        await resumed.Task.WaitAsync(Limit, Cancellation);
        Assert.True(ResultOf(wait));
        _wakeUps.WakeAllButOne()?.Wake();
        Assert.True(await second.WaitAsync(Limit, Cancellation));
    }

    [Fact]
    public async Task What_arrives_when_the_session_has_ended_wakes_its_consumer_at_once()
    {
        var wait = Subscribe("a");
        _wakeUps.Hold();
        _wakeUps.StopHolding();
        Deliver("a");
        Assert.True(await wait.WaitAsync(Limit, Cancellation));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(500)]
    public async Task Nobody_stays_asleep_while_the_session_and_delivery_run_at_the_same_time(int channels)
    {
        const int Rounds = 50_000;
        var sent = 0;
        using var end = new CancellationTokenSource();
        var counts = new int[channels];
        var names = Enumerable.Range(0, channels).Select(i => $"c{i}").ToArray();
        var consumers = Enumerable.Range(0, channels).Select(i => ConsumeAsync($"c{i}", i)).ToArray();
        var session = Task.Run(
            () =>
            {
                // What a session does around its waits, in an order of chance.
                var random = new Random(1);
                while (!end.IsCancellationRequested)
                {
                    _wakeUps.Hold();
                    switch (random.Next(4))
                    {
                        case 0: _wakeUps.WakeAllButOne()?.WakeOnPool(); break;
                        case 1: Serve(_wakeUps.OneMore()); break;
                        case 2: _wakeUps.StopHolding(); break;
                        default: _wakeUps.WakeAll(); break;
                    }
                }

                _wakeUps.StopHolding();
            },
            Cancellation);
        var delivery = Task.Run(
            () =>
            {
                // Each finds a consumer that waits, as long as none of them stays asleep. A slow machine makes fewer rounds.
                var begun = Stopwatch.StartNew();
                while (sent < Rounds && begun.Elapsed < Time)
                {
                    for (var i = 0; i < channels; i++)
                        Deliver(names[i]);
                    sent += channels;
                    if (!SpinWait.SpinUntil(() => counts.Sum() == sent, Limit))
                        return;
                }
            },
            Cancellation);
        await delivery.WaitAsync(Time + (2 * Limit), Cancellation);
        await end.CancelAsync();
        await session.WaitAsync(Limit, Cancellation);
        Assert.True(SpinWait.SpinUntil(() => counts.Sum() == sent, Limit), $"{counts.Sum()} of {sent} arrived.");
        foreach (var subscription in _routing.Table.All)
            _ = subscription.EndAsync(discard: true);
        await Task.WhenAll(consumers).WaitAsync(Limit, Cancellation);

        void Serve(bool isDue)
        {
            var mayTry = false;
            if (isDue)
                _wakeUps.TakeQuick(ref mayTry)?.WakeOnPool();
        }

        async Task ConsumeAsync(string channel, int index)
        {
            var queue = Open(channel);
            var items = new QueueItem[64];
            while (await queue.WaitToReadAsync())
            {
                var taken = queue.Take(items);
                queue.Release(taken, items.Take(taken).Sum(item => item.Size));
                Interlocked.Add(ref counts[index], taken);
            }
        }
    }

    private SubscriptionQueue Open(string channel)
    {
        var subscription = new Subscription(channel, callback: null, new() { QueueCapacity = 10_000_000, QueueCapacityBytes = long.MaxValue }, _context);
        subscription.Begin(isPaused: false, CancellationToken.None);
        var queue = subscription.Queue!;
        _ = _routing.Table.Add(subscription);
        _routing.Agree();
        return queue;
    }

    private static bool ResultOf(ReadingWait wait) => wait.GetResult();

    private Task<bool> Subscribe(string channel) => Open(channel).WaitToReadAsync().AsTask();

    private void Deliver(string channel) => _routing.Deliver(channel, "payload", _wakeUps);

    private void DeliverElsewhere(Moment moment, Moment now)
    {
        if (moment != now)
            return;

        var thread = new Thread(() => Deliver("b"));
        thread.Start();
        thread.Join();
    }

    public enum Moment
    {
        WaitBegun,
        WaitFoundPending,
        ThreadGivenAway,
    }
}
