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
    public async Task A_failure_of_any_kind_does_not_end_the_checks()
    {
        var time = new FakeTimeProvider();
        var logger = new FakeLogger();
        await using var listener = new Listener(static parts => new UnusableLink(parts), new());
        await using var watch = new FeedWatch(listener, [ChangeFeed.For("products").Key("id")], "", static () => TimeSpan.FromMinutes(1), time, logger);
        watch.Start();
        listener.Start();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (logger.Collector.GetSnapshot().Count(record => record.Id.Id == 724) < 3)
        {
            await look.WaitForNextTickAsync(limit.Token);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.All(logger.Collector.GetSnapshot(), record => Assert.Contains("The initializer is wrong.", record.Message, StringComparison.Ordinal));
    }

    /// <summary>Listens, and fails to open a connection as only the application's own code can.</summary>
    private sealed class UnusableLink(SessionParts parts) : IServerLink
    {
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

        public ValueTask<NpgsqlConnection> OpenPooledAsync(CancellationToken cancellationToken) => throw new FormatException("The initializer is wrong.");

        public void CloseIdle()
        {
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
