using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using PgListener.ChangeFeeds;
using PgListener.Session;

namespace PgListener.UnitTests.ChangeFeeds;

/// <summary>When the feeds of a listener are checked.</summary>
public class FeedWatchTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_failure_of_any_kind_does_not_end_the_checks_and_is_logged_once()
    {
        var time = new FakeTimeProvider();
        var logger = new FakeLogger();
        UnusableLink? link = null;
        await using var listener = new Listener(parts => link = new(parts), new());
        await using var watch = new FeedWatch(listener, [ChangeFeed.For("products").Key("id")], "", static () => TimeSpan.FromMinutes(1), time, logger);
        watch.Start();
        listener.Start();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (link!.Opened < 4)
        {
            await look.WaitForNextTickAsync(limit.Token);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        var record = Assert.Single(logger.Collector.GetSnapshot());
        Assert.Equal(724, record.Id.Id);
        Assert.EndsWith("FormatException: The initializer is wrong", record.Message, StringComparison.Ordinal);
    }

    /// <summary>Listens, and fails to open a connection as only the application's own code can.</summary>
    private sealed class UnusableLink(SessionParts parts) : IServerLink
    {
        private int _opened;

        public int Opened => Volatile.Read(ref _opened);

        public SessionInbox Inbox { get; } = new(parts.Owner.Difference, parts.Backpressure, static _ => { });

        public NpgsqlConnection? Connection => null;

        public Task RunAsync(long run, Action onListening, CancellationToken stopping)
        {
            Assert.True(parts.Owner.TryBeginSession(run, "h", 1, out var session));
            parts.Owner.Listening(session, static () => { });
            onListening();
            return Task.Delay(Timeout.Infinite, stopping);
        }

        public Task WaitToRetryAsync(TimeSpan delay, CancellationToken stopping) => Task.CompletedTask;

        public ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _opened);
            throw new FormatException("The initializer is wrong");
        }

        public void CloseIdle()
        {
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
