using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>Callbacks that run beside each other, and are paused and let go on while some are in hand.</summary>
public sealed class PumpPauseTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _order = [];
    private readonly SubscriptionContext _context;
    private Action _pause = static () => { };
    private int _calls;

    public PumpPauseTests()
    {
        var time = new FakeTimeProvider();
        _context = new(new(), new(time), new(), _ => throw new NotSupportedException(), time, new FakeLogger());
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public async Task A_gap_comes_after_all_before_it_and_before_all_after_it_however_often_it_is_paused(int maxConcurrency)
    {
        const int Count = 300;
        const int Every = 10;
        var subscription = new Subscription("c", RunAsync, new() { MaxConcurrency = maxConcurrency, OnResync = OnResyncAsync }, _context);
        subscription.Begin(isPaused: true, CancellationToken.None);
        var queue = subscription.Queue!;
        for (var i = 0; i < Count; i++)
        {
            if (i % Every == 0)
                queue.EnqueueGap(ResyncReason.Reconnected, since: null);
            queue.Enqueue("c", i.ToString(CultureInfo.InvariantCulture), 0, new());
        }

        // Some calls pause the pump, as AbortListen does, while others are in hand; then it goes on, as with Listen.
        _pause = () => queue.SetPaused(true);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                queue.SetPaused(false);
                return _order.Count == Count + Count / Every;
            },
            TimeSpan.FromSeconds(30)));
        await subscription.EndAsync(discard: false).WaitAsync(Limit, Cancellation);

        string[] order = [.. _order];
        for (var stretch = 0; stretch < Count / Every; stretch++)
        {
            var part = order.AsSpan(stretch * (Every + 1), Every + 1).ToArray();
            Assert.Equal("gap", part[0]);
            var numbers = part.Skip(1).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
            Assert.Equal(Enumerable.Range(stretch * Every, Every), maxConcurrency == 1 ? numbers : numbers.Order());
        }
    }

    private async Task RunAsync(NotificationContext context, CancellationToken cancellationToken)
    {
        _order.Enqueue(context.Payload);
        if (Interlocked.Increment(ref _calls) % 3 == 1)
            _pause();
        await Task.Yield();
    }

    private Task OnResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        _order.Enqueue("gap");
        return Task.CompletedTask;
    }
}
