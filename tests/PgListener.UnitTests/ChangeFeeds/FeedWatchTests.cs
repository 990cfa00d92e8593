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
        await link!.WhenOpenedAsync(4, () => time.Advance(TimeSpan.FromMinutes(1)));

        var record = Assert.Single(logger.Collector.GetSnapshot());
        Assert.Equal(724, record.Id.Id);
        Assert.EndsWith("FormatException: The initializer is wrong", record.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Feeds_are_checked_after_each_connect()
    {
        UnusableLink? link = null;
        await using var listener = new Listener(parts => link = new(parts), new());
        await using var watch = new FeedWatch(listener, [ChangeFeed.For("products").Key("id")], "", static () => null, new FakeTimeProvider(), new FakeLogger());
        watch.Start();
        listener.Start();
        await link!.WhenOpenedAsync(1);
        link.Cut();
        await link.WhenOpenedAsync(2);
    }

    /// <summary>Listens, and fails to open a connection as only the application's own code can.</summary>
    private sealed class UnusableLink(SessionParts parts) : IServerLink
    {
        private int _opened;
        private TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SessionInbox Inbox { get; } = new(parts.Owner.Difference, parts.Backpressure, static _ => { });

        public NpgsqlConnection? Connection => null;

        public async Task RunAsync(long run, Action onListening, CancellationToken stopping)
        {
            var cut = _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Assert.True(parts.Owner.TryBeginSession(run, "h", 1, out var session));
            parts.Owner.Listening(session, static () => { });
            onListening();
            await cut.Task.WaitAsync(stopping);
            parts.Owner.EndSession(session, "cut");
            throw new IOException("cut");
        }

        /// <summary>Ends the session, and another one begins.</summary>
        public void Cut() => _cut.SetResult();

        /// <summary>Completes when a connection was asked for so many times.</summary>
        public async Task WhenOpenedAsync(int times, Action? meanwhile = null)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (Volatile.Read(ref _opened) < times)
            {
                await look.WaitForNextTickAsync(limit.Token);
                meanwhile?.Invoke();
            }
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
