using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.Publishing;

namespace PgListener.UnitTests;

public class CoalescerTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    private readonly FakeSender _sender = new();
    private readonly SignallingTime _time = new();
    private readonly FakeLogger _logger = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_published_within_the_window_shares_a_transaction_and_completes_after_its_commit()
    {
        var coalescer = Create(Window);
        Task[] publishes = [PublishAsync(coalescer, "a"), PublishAsync(coalescer, "b"), PublishAsync(coalescer, "c")];
        Assert.Equal(Window, await NextWaitAsync());
        Assert.Equal(0, _sender.Waiting);

        _time.Advance(Window);
        var batch = await _sender.NextAsync();
        Assert.Equal(["a", "b", "c"], batch.Payloads);
        Assert.DoesNotContain(publishes, publish => publish.IsCompleted);
        batch.Answer.SetResult();
        await SoonAsync(Task.WhenAll(publishes));

        var next = PublishAsync(coalescer, "d");
        await NextWaitAsync();
        _time.Advance(Window);
        await _sender.CommitAsync("d");
        await SoonAsync(next);
    }

    [Fact]
    public async Task Without_a_window_only_what_came_during_a_commit_shares_the_next()
    {
        var coalescer = Create(TimeSpan.Zero);
        var first = PublishAsync(coalescer, "a");
        var batch = await _sender.NextAsync();
        Task[] later = [PublishAsync(coalescer, "b"), PublishAsync(coalescer, "c")];
        Assert.Equal(["a"], batch.Payloads);
        Assert.Equal(0, _sender.Waiting);
        batch.Answer.SetResult();
        await SoonAsync(first);
        await _sender.CommitAsync("b", "c");
        await SoonAsync(Task.WhenAll(later));
    }

    [Fact]
    public async Task Callers_that_publish_again_at_once_stay_together()
    {
        const int Callers = 8;
        const int Publishes = 400;
        var coalescer = Create(TimeSpan.Zero);
        using var begun = new SemaphoreSlim(0);
        var next = 0;
        var first = PublishAsync(coalescer, "first");
        var batch = await _sender.NextAsync();
        var callers = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => PublishUntilAllAreAsync()));
        batch.Answer.SetResult();
        await SoonAsync(first);
        var (waiting, transactions) = (0, 0);
        for (var committed = 0; committed < Publishes; transactions++)
        {
            batch = await _sender.NextAsync();
            for (; waiting < Math.Min(committed + Callers, Publishes); waiting++) // A commit takes so long that every caller has published again.
                await SoonAsync(begun.WaitAsync(Cancellation));
            committed += batch.Payloads.Length;
            batch.Answer.SetResult();
        }

        await SoonAsync(callers);
        Assert.InRange(transactions, Publishes / Callers, Publishes / Callers * 3 / 2); // Twice as many if the first caller's next publish were sent alone.

        async Task PublishUntilAllAreAsync()
        {
            while (Interlocked.Increment(ref next) is var number and <= Publishes)
            {
                var publish = PublishAsync(coalescer, $"{number}");
                begun.Release();
                await publish;
            }
        }
    }

    [Fact]
    public async Task As_many_as_may_share_a_transaction_end_the_window_and_no_more_share_it()
    {
        var coalescer = Create(Window, new() { MaxCoalesced = 2 });
        var first = PublishAsync(coalescer, "a");
        await NextWaitAsync();
        Task[] later = [PublishAsync(coalescer, "b"), PublishAsync(coalescer, "c")];
        await _sender.CommitAsync("a", "b");
        await NextWaitAsync();
        _time.Advance(Window);
        await _sender.CommitAsync("c");
        await SoonAsync(Task.WhenAll([first, .. later]));
    }

    [Fact]
    public async Task Identical_ones_of_different_callers_share_the_round_trip_but_never_a_transaction_and_the_order_is_kept()
    {
        var coalescer = Create(TimeSpan.Zero);
        Task[] publishes = [PublishAsync(coalescer, "0")];
        var batch = await _sender.NextAsync();
        publishes = [.. publishes, .. new[] { "a", "b", "a", "c", "b" }.Select(payload => PublishAsync(coalescer, payload))];
        batch.Answer.SetResult();
        await _sender.CommitEachAsync(["a", "b"], ["a", "c", "b"]);
        await SoonAsync(Task.WhenAll(publishes));
    }

    [Fact]
    public async Task So_many_identical_ones_take_one_round_trip()
    {
        var coalescer = Create(TimeSpan.Zero);
        Task[] publishes = await PileUpAsync(coalescer, [.. Enumerable.Repeat("reload", 32)]);
        await _sender.CommitEachAsync([.. Enumerable.Repeat<string[]>(["reload"], 32)]);
        await SoonAsync(Task.WhenAll(publishes));
    }

    [Fact]
    public async Task A_round_trip_carries_no_more_than_may_share_a_transaction()
    {
        var coalescer = Create(TimeSpan.Zero, new() { MaxCoalesced = 3 });
        Task[] publishes = await PileUpAsync(coalescer, "a", "a", "b", "a");
        await _sender.CommitEachAsync(["a"], ["a", "b"]);
        await _sender.CommitAsync("a");
        await SoonAsync(Task.WhenAll(publishes));
    }

    [Fact]
    public async Task A_transaction_that_is_refused_fails_alone_in_its_round_trip()
    {
        var coalescer = Create(TimeSpan.Zero);
        Task[] publishes = await PileUpAsync(coalescer, "a", "a", "bad", "a", "b");
        var batch = await _sender.NextAsync();
        Assert.Equal([["a"], ["a", "bad"], ["a", "b"]], batch.Transactions);
        batch.Outcomes[1] = Refusal("22P05");
        batch.Outcomes[2] = Refusal("54000");
        batch.Answer.SetResult();
        await SoonAsync(publishes[0]);
        await _sender.CommitAsync("a");
        (await _sender.NextAsync()).Answer.SetException(Refusal("22P05"));
        await SoonAsync(publishes[1]);
        Assert.Equal("22P05", (await Assert.ThrowsAsync<PostgresException>(() => SoonAsync(publishes[2]))).SqlState);
        Assert.Equal("54000", (await Assert.ThrowsAsync<PostgresException>(() => SoonAsync(publishes[3]))).SqlState);
        Assert.Equal("54000", (await Assert.ThrowsAsync<PostgresException>(() => SoonAsync(publishes[4]))).SqlState);
    }

    [Fact]
    public async Task A_connection_that_breaks_fails_all_of_its_round_trip_and_none_of_the_next()
    {
        var coalescer = Create(TimeSpan.Zero);
        Task[] publishes = await PileUpAsync(coalescer, "a", "a");
        var failing = await _sender.NextAsync();
        var next = PublishAsync(coalescer, "a");
        failing.Answer.SetException(new NpgsqlException("broken"));
        foreach (var publish in publishes)
            Assert.Equal("broken", (await Assert.ThrowsAsync<NpgsqlException>(() => SoonAsync(publish))).Message);
        await _sender.CommitAsync("a");
        await SoonAsync(next);
    }

    [Fact]
    public async Task The_values_of_one_call_are_never_divided()
    {
        var coalescer = Create(TimeSpan.Zero, new() { MaxCoalesced = 3 });
        var first = PublishAsync(coalescer, "0");
        var batch = await _sender.NextAsync();
        Task[] later = [PublishAsync(coalescer, "a", "b"), PublishAsync(coalescer, "c", "c", "d", "e"), PublishAsync(coalescer, "f")];
        batch.Answer.SetResult();
        await _sender.CommitAsync("a", "b");
        await _sender.CommitAsync("c", "c", "d", "e");
        await _sender.CommitAsync("f");
        await SoonAsync(Task.WhenAll([first, .. later]));
    }

    [Fact]
    public async Task Refused_data_fails_exactly_its_own_caller()
    {
        var coalescer = Create(TimeSpan.Zero);
        Task[] publishes = await PileUpAsync(coalescer, "a", "bad", "c");
        (await _sender.NextAsync()).Answer.SetException(Refusal("22P05"));
        await _sender.CommitAsync("a");
        (await _sender.NextAsync()).Answer.SetException(Refusal("22P05"));
        await _sender.CommitAsync("c");
        await SoonAsync(publishes[0]);
        Assert.Equal("22P05", (await Assert.ThrowsAsync<PostgresException>(() => SoonAsync(publishes[1]))).SqlState);
        await SoonAsync(publishes[2]);
        Assert.Equal(501, Assert.Single(_logger.Collector.GetSnapshot()).Id.Id);
    }

    [Fact]
    public async Task A_failure_that_is_nobodys_data_fails_all_of_its_transaction_and_none_of_the_next()
    {
        var coalescer = Create(TimeSpan.Zero);
        Task[] publishes = await PileUpAsync(coalescer, "a", "b");
        var failing = await _sender.NextAsync();
        var next = PublishAsync(coalescer, "c");
        failing.Answer.SetException(new NpgsqlException("broken"));
        foreach (var publish in publishes)
            Assert.Equal("broken", (await Assert.ThrowsAsync<NpgsqlException>(() => SoonAsync(publish))).Message);
        await _sender.CommitAsync("c");
        await SoonAsync(next);
    }

    [Fact]
    public async Task A_connection_that_breaks_while_sending_one_by_one_fails_the_rest_at_once()
    {
        var coalescer = Create(TimeSpan.Zero);
        Task[] publishes = await PileUpAsync(coalescer, "a", "b", "c");
        (await _sender.NextAsync()).Answer.SetException(Refusal("22023"));
        await _sender.CommitAsync("a");
        (await _sender.NextAsync()).Answer.SetException(new NpgsqlException("broken"));
        await SoonAsync(publishes[0]);
        await Assert.ThrowsAsync<NpgsqlException>(() => SoonAsync(publishes[1]));
        await Assert.ThrowsAsync<NpgsqlException>(() => SoonAsync(publishes[2]));
        Assert.Equal(0, _sender.Waiting);
    }

    [Fact]
    public async Task Cancelling_before_its_transaction_began_takes_it_out()
    {
        var coalescer = Create(Window);
        using var cancel = new CancellationTokenSource();
        var kept = PublishAsync(coalescer, "a");
        var cancelled = coalescer.PublishAsync([new("c", "b")], cancel.Token);
        await NextWaitAsync();
        await cancel.CancelAsync();
        Assert.Equal(cancel.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SoonAsync(cancelled))).CancellationToken);
        _time.Advance(Window);
        await _sender.CommitAsync("a");
        await SoonAsync(kept);
    }

    [Fact]
    public async Task Cancelling_later_ends_the_wait_alone()
    {
        var coalescer = Create(TimeSpan.Zero);
        using var cancel = new CancellationTokenSource();
        var cancelled = coalescer.PublishAsync([new("c", "a")], cancel.Token);
        var batch = await _sender.NextAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SoonAsync(cancelled));
        Assert.False(batch.Token.IsCancellationRequested);
        var next = PublishAsync(coalescer, "b");
        batch.Answer.SetResult();
        await _sender.CommitAsync("b");
        await SoonAsync(next);
    }

    [Fact]
    public async Task When_all_are_cancelled_nothing_is_sent()
    {
        var coalescer = Create(Window);
        using var cancel = new CancellationTokenSource();
        var cancelled = coalescer.PublishAsync([new("c", "a")], cancel.Token);
        await NextWaitAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SoonAsync(cancelled));
        await SoonAsync(coalescer.DisposeAsync().AsTask());
        Assert.Equal(0, _sender.Waiting);
    }

    [Fact]
    public async Task One_more_than_may_wait_is_refused_and_the_others_are_sent()
    {
        var coalescer = Create(TimeSpan.Zero, new() { MaxWaiting = 2 });
        var first = PublishAsync(coalescer, "0");
        var batch = await _sender.NextAsync();
        Task[] waiting = [PublishAsync(coalescer, "a"), PublishAsync(coalescer, "b")];
        Assert.Contains("MaxWaiting", (await Assert.ThrowsAsync<InvalidOperationException>(() => SoonAsync(PublishAsync(coalescer, "c")))).Message, StringComparison.Ordinal);
        batch.Answer.SetResult();
        await _sender.CommitAsync("a", "b");
        await SoonAsync(Task.WhenAll([first, .. waiting]));
    }

    [Fact]
    public async Task Disposing_sends_what_waits_at_once_and_takes_in_no_more()
    {
        var coalescer = Create(TimeSpan.FromSeconds(1));
        var publish = PublishAsync(coalescer, "a");
        await NextWaitAsync();
        var disposing = coalescer.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => SoonAsync(PublishAsync(coalescer, "b")));
        var batch = await _sender.NextAsync();
        Assert.Equal(["a"], batch.Payloads);
        Assert.False(disposing.IsCompleted);
        batch.Answer.SetResult();
        await SoonAsync(disposing);
        await SoonAsync(publish);
    }

    [Fact]
    public async Task Disposing_gives_up_what_is_not_committed_in_time()
    {
        var coalescer = Create(TimeSpan.Zero);
        var underWay = PublishAsync(coalescer, "a");
        var batch = await _sender.NextAsync();
        var waiting = PublishAsync(coalescer, "b");
        var disposing = coalescer.DisposeAsync().AsTask();
        Assert.Equal(StopTimeout, await NextWaitAsync());
        _time.Advance(StopTimeout);
        await SoonAsync(disposing);
        Assert.Contains("StopTimeout", (await Assert.ThrowsAsync<ObjectDisposedException>(() => SoonAsync(underWay))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => SoonAsync(waiting));
        Assert.True(batch.Token.IsCancellationRequested);
        Assert.Equal("2", Assert.Single(_logger.Collector.GetSnapshot(), record => record.Id.Id == 502).GetStructuredStateValue("Count"));

        batch.Answer.SetCanceled(batch.Token);
        Assert.Equal(0, _sender.Waiting);
    }

    private Coalescer Create(TimeSpan window, NotificationPublisherOptions? options = null) => new(_sender, window, options ?? new() { StopTimeout = StopTimeout }, _time, new(_time), _logger);

    private static Task PublishAsync(Coalescer coalescer, params string[] payloads)
        => coalescer.PublishAsync([.. payloads.Select(payload => new Outgoing("c", payload))], CancellationToken.None);

    /// <summary>Publishes while a commit is under way, so that they share the next.</summary>
    private async Task<Task[]> PileUpAsync(Coalescer coalescer, params string[] payloads)
    {
        var first = PublishAsync(coalescer, "first");
        var batch = await _sender.NextAsync();
        Task[] publishes = [.. payloads.Select(payload => PublishAsync(coalescer, payload))];
        batch.Answer.SetResult();
        await SoonAsync(first);
        return publishes;
    }

    private static PostgresException Refusal(string sqlState) => new("refused", "ERROR", "ERROR", sqlState);

    private async Task<TimeSpan> NextWaitAsync() => await _time.NextWaitAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancellation);

    private static Task SoonAsync(Task task) => task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
}
