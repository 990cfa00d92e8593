using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;

namespace PgListener.ChangeFeeds;

/// <summary>
/// Checks a listener's change feeds after each connect, because a restore may have removed them, and from time to time, because anyone may: a trigger that is gone is like a listener that is deaf.
/// It reports what it finds, and stops nothing. When a problem is gone, or the feed was dropped or disabled and is back since the last check, it tells that anything may have changed until then.
/// </summary>
/// <param name="listener">The listener.</param>
/// <param name="feeds">Its feeds.</param>
/// <param name="prefix">The prefix of its channels.</param>
/// <param name="interval">How often it checks while there is no problem; <see langword="null"/> for after each connect only.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs what it finds.</param>
internal sealed class FeedWatch(Listener listener, IReadOnlyList<ChangeFeed> feeds, string prefix, Func<TimeSpan?> interval, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>How often it checks at least while there is a problem.</summary>
    private static readonly TimeSpan LongestWithProblem = TimeSpan.FromSeconds(15);

    /// <summary>How long a check may take.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _due = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<ChangeFeed, string> _versions = [];
    private volatile IReadOnlyDictionary<ChangeFeed, string> _problems = new Dictionary<ChangeFeed, string>();
    private string? _failure;
    private Task? _running;

    /// <summary>What the last check has found, a sentence each.</summary>
    public IReadOnlyList<string> Problems => [.. _problems.Values];

    /// <summary>Begins to wait for connects. Does nothing if it has begun before.</summary>
    public void Start()
    {
        if (_running is not null || _stopping.IsCancellationRequested)
            return;

        listener.StateChanged += OnStateChanged;
        _running = DetachedTask.Begin(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        listener.StateChanged -= OnStateChanged;
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_running is { } running)
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void OnStateChanged(object? sender, ListenerStateChangedEventArgs change)
    {
        if (change.Status.State == ListenerState.Listening)
            _due.Release();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await WaitAsync().ConfigureAwait(false);
            while (_due.Wait(0, CancellationToken.None))
            {
                // One check is enough for several connects.
            }

            if (listener.State == ListenerState.Listening)
                await CheckAsync().ConfigureAwait(false);
        }
    }

    private async Task WaitAsync()
    {
        var wait = interval() ?? Timeout.InfiniteTimeSpan;
        if (_problems.Count > 0 && (wait == Timeout.InfiniteTimeSpan || wait > LongestWithProblem))
            wait = LongestWithProblem;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        await Task.WhenAny(_due.WaitAsync(end.Token), Task.Delay(wait, time, end.Token)).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
    }

    private async Task CheckAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(Limit);
        try
        {
            var connection = await listener.OpenConnectionAsync(limit.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                var found = new Dictionary<ChangeFeed, string>();
                var back = new List<ChangeFeed>();
                foreach (var feed in feeds)
                {
                    var (problem, version) = await FeedCheck.FindAsync(connection, feed.Definition, prefix, limit.Token).ConfigureAwait(false);
                    var isBack = problem is null && (_problems.ContainsKey(feed) || (_versions.TryGetValue(feed, out var former) && former != version));
                    if (isBack)
                        problem = await TellAsync(connection, feed.Definition, limit.Token).ConfigureAwait(false);
                    if (problem is not null)
                        found.Add(feed, problem);
                    else if (isBack)
                        back.Add(feed);
                    _versions[feed] = version;
                }

                Report(found, back);
                _failure = null;
            }
        }
        catch (Exception e)
        {
            // The data source may be the application's, whose callbacks may throw anything. The checks go on.
            if (_stopping.IsCancellationRequested || listener.State != ListenerState.Listening)
                return;

            var failure = Diagnosis.Of(e);
            if (failure != _failure)
                logger.FeedsUnchecked(failure);
            _failure = failure;
        }
    }

    /// <summary>Tells what a feed could not tell while it had a problem: that anything may have changed.</summary>
    /// <returns>Why it could not be told yet; <see langword="null"/> if it was, or if another attempt would not help.</returns>
    private async Task<string?> TellAsync(NpgsqlConnection connection, FeedDefinition feed, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(feed.IsDurable ? "SELECT pglistener.publish($1, $2)" : "SELECT pg_catalog.pg_notify($1, $2)", connection)
        {
            Parameters = { new() { Value = prefix + feed.Channel }, new() { Value = FeedPayload.AnythingMayHaveChanged } },
        };
        await using (command.ConfigureAwait(false))
        {
            try
            {
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (PostgresException e) when (IsOfRightsOrSchema(e))
            {
                logger.FeedGapUntold(feed.DisplayName.ReplaceLineEndings(" "), Diagnosis.Of(e));
                return null;
            }
            catch (PostgresException e)
            {
                return $"The change feed of {feed.DisplayName} is in the database again as this application expects it, but its handlers could not be notified that anything may have changed. It is tried again with each check. {Diagnosis.Of(e)}";
            }
        }
    }

    /// <summary>Whether a right or the schema of durable channels is missing: of class 42, or no such schema.</summary>
    private static bool IsOfRightsOrSchema(PostgresException error)
        => error.SqlState.StartsWith("42", StringComparison.Ordinal) || error.SqlState == PostgresErrorCodes.InvalidSchemaName;

    private void Report(Dictionary<ChangeFeed, string> found, IReadOnlyList<ChangeFeed> back)
    {
        var before = _problems;
        _problems = found;
        foreach (var (feed, problem) in found)
        {
            if (before.GetValueOrDefault(feed) != problem)
                logger.FeedProblem(problem.ReplaceLineEndings(" "));
        }

        foreach (var feed in back)
            logger.FeedInOrder(feed.Definition.DisplayName.ReplaceLineEndings(" "));
        logger.FeedsChecked(feeds.Count, found.Count);
    }
}
