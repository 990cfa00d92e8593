using PgListener.Session;

namespace PgListener.UnitTests;

/// <summary>How a session learns of requests: each is served, and its connection is woken only when nothing else helps.</summary>
public sealed class AttentionTests
{
    /// <summary>So long that only a request can end a wait.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private int _requests;
    private int _wakeUps;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_that_reads_is_woken()
    {
        using var attention = Create(Long);
        attention.EndWork();
        attention.Call(static () => true);
        Assert.Equal(1, _wakeUps);

        attention.BeginWork();
        Assert.False(await attention.WaitForNextAsync());
        attention.EndWork();
        attention.Call(static () => true);
        Assert.Equal(2, _wakeUps);
    }

    [Fact]
    public void A_session_that_works_looks_by_itself()
    {
        using var attention = Create(Long);
        attention.Call(static () => true); // Before it reads for the first time.
        attention.EndWork();
        attention.BeginWork();
        attention.Call(static () => true);
        Assert.Equal(0, _wakeUps);
    }

    [Fact]
    public async Task After_a_request_that_stands_alone_it_reads_at_once()
    {
        using var attention = Create(TimeSpan.Zero);
        for (var request = 0; request < 3; request++)
        {
            attention.BeginWork();
            var next = attention.WaitForNextAsync();
            Assert.True(next.IsCompleted);
            Assert.False(await next);
            attention.EndWork();
        }
    }

    [Fact]
    public async Task After_requests_that_follow_each_other_closely_the_next_one_needs_no_wake_up()
    {
        using var attention = Create(Long);
        attention.BeginWork();
        Assert.False(await attention.WaitForNextAsync());
        attention.EndWork();
        attention.BeginWork();
        for (var request = 0; request < 3; request++)
        {
            var next = attention.WaitForNextAsync();
            Assert.False(next.IsCompleted);
            attention.Call(static () => true);
            Assert.True(await next.WaitAsync(Limit, Cancellation));
        }

        Assert.Equal(0, _wakeUps);
    }

    [Fact]
    public async Task A_request_that_was_made_just_before_the_wait_ends_it()
    {
        using var attention = Create(Long);
        attention.BeginWork();
        Assert.False(await attention.WaitForNextAsync());
        attention.EndWork();
        attention.BeginWork();
        _requests++;
        attention.Call(static () => true);
        Assert.True(await attention.WaitForNextAsync().WaitAsync(Limit, Cancellation));
        Assert.Equal(0, _wakeUps);
    }

    [Fact]
    public async Task Without_a_next_request_it_reads_again_after_a_moment()
    {
        using var attention = Create(TimeSpan.FromMilliseconds(100));
        for (var request = 0; request < 3; request++)
        {
            attention.BeginWork();
            Assert.False(await attention.WaitForNextAsync().WaitAsync(Limit, Cancellation));
            attention.EndWork();
        }
    }

    /// <summary>Each requester makes its next request when the one before was served, so one that is missed stops it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_600_000)]
    public async Task Every_request_is_served(int milliseconds)
    {
        const int Requesters = 3;
        const int Each = 2_000;
        var served = 0;
        using var woken = new SemaphoreSlim(0);
        using var changed = new SemaphoreSlim(0);
        using var attention = new Attention(() => Volatile.Read(ref _requests) > Volatile.Read(ref served), _ => woken.Release(), TimeSpan.FromMilliseconds(milliseconds));
        var session = Task.Run(
            async () =>
            {
                attention.EndWork();
                while (served < Requesters * Each)
                {
                    if (Volatile.Read(ref _requests) == served)
                    {
                        Assert.True(await woken.WaitAsync(Limit, Cancellation));
                        continue;
                    }

                    attention.BeginWork();
                    do
                        Serve();
                    while (served < Requesters * Each && await attention.WaitForNextAsync().WaitAsync(Limit, Cancellation));
                    attention.EndWork();
                }
            },
            Cancellation);
        await Task.WhenAll(Enumerable.Range(0, Requesters).Select(_ => Task.Run(
            async () =>
            {
                for (var request = 0; request < Each; request++)
                {
                    Interlocked.Increment(ref _requests);
                    attention.Call(static () => true);
                    Assert.True(await changed.WaitAsync(Limit, Cancellation));
                }
            },
            Cancellation)).Append(session));
        Assert.Equal(Requesters * Each, served);

        void Serve()
        {
            var requests = Volatile.Read(ref _requests);
            var now = requests - served;
            Volatile.Write(ref served, requests);
            if (now > 0)
                changed.Release(now);
        }
    }

    private Attention Create(TimeSpan moment) => new(() => _requests > 0, _ => _wakeUps++, moment);
}
