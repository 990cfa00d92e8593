using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>Settings of a subscription that change while its callback runs.</summary>
public sealed class PumpChangeTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly SubscriptionContext _context;
    private readonly Channel<Call> _begun = Channel.CreateUnbounded<Call>();
    private readonly ConcurrentQueue<string> _order = [];
    private Subscription? _subscription;
    private int _running;
    private int _sent;

    public PumpChangeTests() => _context = new(new(), new(_time), new(), _ => throw new NotSupportedException(), _time, _logger);

    public async ValueTask DisposeAsync()
    {
        while (_begun.Reader.TryRead(out var call))
            call.End.TrySetResult();
        await _subscription!.EndAsync(discard: true).WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);
    }

    [Fact]
    public async Task More_at_a_time_begin_at_once()
    {
        Begin(new() { MaxConcurrency = 2 });
        Send(4);
        Call[] calls = [await NextAsync(), await NextAsync()];
        Change(new() { MaxConcurrency = 3 });
        var third = await NextAsync();
        Assert.Equal(3, third.Running);
        Change(new() { MaxConcurrency = 4 });
        var fourth = await NextAsync();
        End([.. calls, third, fourth]);
    }

    [Fact]
    public async Task Fewer_at_a_time_let_those_that_run_end_first()
    {
        Begin(new() { MaxConcurrency = 4 });
        Send(8);
        Call[] calls = [await NextAsync(), await NextAsync(), await NextAsync(), await NextAsync()];
        Change(new() { MaxConcurrency = 2 });
        End(calls);
        for (var i = 0; i < 4; i++)
        {
            var call = await NextAsync();
            Assert.InRange(call.Running, 1, 2);
            End(call);
        }
    }

    [Fact]
    public async Task One_at_a_time_is_in_order_again()
    {
        Begin(new() { MaxConcurrency = 3 });
        Send(100);
        Call[] calls = [await NextAsync(), await NextAsync(), await NextAsync()];
        Change(new() { MaxConcurrency = 1 });
        End(calls);
        for (var i = 3; i < 100; i++)
        {
            var call = await NextAsync();
            Assert.Equal((i, 1), (call.Number, call.Running));
            End(call);
        }
    }

    [Fact]
    public async Task Several_at_a_time_begin_once_the_present_one_has_ended()
    {
        Begin(new());
        Send(5);
        var first = await NextAsync();
        Change(new() { MaxConcurrency = 4 });
        End(first);
        Call[] calls = [await NextAsync(), await NextAsync(), await NextAsync(), await NextAsync()];
        Assert.Equal([1, 2, 3, 4], calls.Select(call => call.Number).Order());
        End(calls);
    }

    [Fact]
    public async Task A_gap_keeps_its_place_while_the_number_changes()
    {
        Begin(new() { MaxConcurrency = 3 });
        Send(2);
        _subscription!.Queue!.EnqueueGap(ResyncReason.Reconnected, null);
        Send(2);
        Call[] before = [await NextAsync(), await NextAsync()];
        Change(new() { MaxConcurrency = 5 });
        End(before);
        Call[] after = [await NextAsync(), await NextAsync()];
        End(after);
        Assert.Equal(["end", "end", "gap"], _order.Skip(2).Take(3));
        Assert.Equal([2, 3], after.Select(call => call.Number).Order());
    }

    [Fact]
    public async Task A_time_limit_holds_for_the_next_call()
    {
        Begin(new());
        Send(2);
        var first = await NextAsync();
        Change(new() { Timeout = TimeSpan.FromSeconds(5) });
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(first.Token.IsCancellationRequested);
        End(first);

        var second = await NextAsync();
        Change(new() { Timeout = TimeSpan.FromSeconds(50) });
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(second.Token.IsCancellationRequested);
        second.End.SetCanceled(second.Token);
        await _subscription!.EndAsync(discard: false).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var record = Assert.Single(_logger.Collector.GetSnapshot());
        Assert.Equal((201, "00:00:05"), (record.Id.Id, record.GetStructuredStateValue("Timeout")));
    }

    private void Begin(SubscriptionOptions options)
    {
        options.OnResync = (_, _) =>
        {
            _order.Enqueue("gap");
            return Task.CompletedTask;
        };
        _subscription = new("c", RunAsync, options, _context);
        _subscription.Begin(isPaused: false, CancellationToken.None);
    }

    private async Task RunAsync(NotificationContext context, CancellationToken token)
    {
        _order.Enqueue(context.Payload);
        var call = new Call(int.Parse(context.Payload, CultureInfo.InvariantCulture), Interlocked.Increment(ref _running), new(TaskCreationOptions.RunContinuationsAsynchronously), token);
        _begun.Writer.TryWrite(call);
        try
        {
            await call.End.Task;
        }
        finally
        {
            _order.Enqueue("end");
            Interlocked.Decrement(ref _running);
        }
    }

    private void Send(int count)
    {
        for (var i = 0; i < count; i++)
            _subscription!.Queue!.Enqueue("c", _sent++.ToString(CultureInfo.InvariantCulture), 0, new());
    }

    private void Change(HandlerOptions options) => _subscription!.Change(options);

    private async Task<Call> NextAsync()
        => await _begun.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    private static void End(params ReadOnlySpan<Call> calls)
    {
        foreach (var call in calls)
            call.End.SetResult();
    }

    private sealed record Call(int Number, int Running, TaskCompletionSource End, CancellationToken Token);
}
