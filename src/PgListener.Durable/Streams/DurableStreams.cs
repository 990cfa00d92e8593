using System.Runtime.CompilerServices;
using PgListener.Durable.Membership;
using PgListener.Registration;
using PgListener.Subscriptions;

namespace PgListener.Durable.Streams;

/// <summary>All streams of a listener's durable channels. A channel has a tail as long as it has streams.</summary>
internal sealed class DurableStreams(StreamContext context) : IDurableStreams, ILogTails, IAsyncDisposable
{
    /// <summary>How many streams read the log by themselves at the same time.</summary>
    private const int Turns = 4;

    private readonly Lock _sync = new();
    private readonly Dictionary<string, StreamFeed> _feeds = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turns = new(Turns, Turns);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<Cluster> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Cluster? _cluster;
    private int _numbers;

    public async IAsyncEnumerable<DurableStreamItem> ReadAsync(string channel, SubscriptionOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Setting.ThrowIfInvalid(options, nameof(options));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        var name = ChannelName.WithPrefix(context.ChannelPrefix, channel);
        var (feed, stream) = Enter(name, channel, options.Snapshot());
        try
        {
            context.Coordinate();
            var items = stream.ReadAsync(end.Token).GetAsyncEnumerator(CancellationToken.None);
            await using (items.ConfigureAwait(false))
            {
                while (await UnlessStoppedAsync(items.MoveNextAsync(), cancellationToken).ConfigureAwait(false))
                    yield return items.Current;
            }
        }
        finally
        {
            await LeaveAsync(name, feed, stream).ConfigureAwait(false);
        }
    }

    public IReadOnlyList<SubscriptionStatistics> GetStatistics()
    {
        lock (_sync)
            return [.. _feeds.Values.SelectMany(static feed => feed.Streams).Select(static stream => stream.Statistics)];
    }

    public void Begin(Cluster cluster)
    {
        _cluster = cluster;
        _first.TrySetResult(cluster);
        lock (_sync)
        {
            // In another cluster, and after a crash, the looks find nothing at the former positions.
            foreach (var feed in _feeds.Values)
                feed.Tail.TryAgain();
        }
    }

    public void Ask(LookRequest request)
    {
        lock (_sync)
        {
            foreach (var (channel, feed) in _feeds)
            {
                if (feed.Tail.WaitingAt is { } at)
                    request.Waiting.Add(new(feed.Number, Shard: 0, Shards: 1, channel, at.Seen, at.Floor));
                else
                    feed.Tail.Wake(); // What it is reading now may be older than what this look finds.
            }
        }
    }

    public bool Wake(IReadOnlyCollection<SeenNews> news)
    {
        lock (_sync)
        {
            var woken = _feeds.Values.Where(feed => news.Any(found => found.Subscription == feed.Number)).ToArray();
            foreach (var feed in woken)
                feed.Tail.Wake();
            return woken.Length > 0;
        }
    }

    public void Wake(string channel)
    {
        lock (_sync)
        {
            if (_feeds.TryGetValue(channel, out var feed))
                feed.Tail.Wake();
        }
    }

    /// <summary>Ends all streams.</summary>
    public Task StopAsync() => _stopping.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        StreamFeed[] feeds;
        lock (_sync)
        {
            feeds = [.. _feeds.Values];
            _feeds.Clear();
        }

        foreach (var feed in feeds)
            await feed.DisposeAsync().ConfigureAwait(false);
    }

    private (StreamFeed Feed, DurableStream Stream) Enter(string name, string channel, SubscriptionOptions options)
    {
        lock (_sync)
        {
            if (!_feeds.TryGetValue(name, out var feed))
                _feeds.Add(name, feed = Open(name, channel));
            var stream = new DurableStream(channel, options, QueueLimits.From(context.Options.Current, options, isReader: true), feed, context.Time);
            if (options.Failures is { } failures)
                failures.Count = stream.Counters.Fail;
            feed.Streams.Add(stream);
            return (feed, stream);
        }
    }

    private StreamFeed Open(string name, string channel)
    {
        var reader = new StreamLogReader(context.DataSource, context.Durable, name);
        var problems = new StreamProblems(channel, context.Options, context.Time, context.Logger);
        var heard = context.Hear(name, channel);
        return new(--_numbers, new(reader, problems, WhenCoordinatedAsync, context.Time), reader, problems, _turns, context.Time) { OnEnd = heard.DisposeAsync };
    }

    private async Task LeaveAsync(string name, StreamFeed feed, DurableStream stream)
    {
        lock (_sync)
        {
            feed.Streams.Remove(stream);
            if (feed.Streams.Count > 0 || !_feeds.Remove(name))
                return;
        }

        await feed.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<Cluster> WhenCoordinatedAsync(CancellationToken cancellationToken)
    {
        await _first.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _cluster!;
    }

    /// <summary>Whether there is more to read. The stop ends the reading without an exception.</summary>
    private async ValueTask<bool> UnlessStoppedAsync(ValueTask<bool> more, CancellationToken cancellationToken)
    {
        try
        {
            return await more.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
