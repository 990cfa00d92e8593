namespace PgListener.ChangeFeeds;

/// <summary>The change feeds of a listener, by the type of their channels.</summary>
internal sealed class FeedRegistry
{
    private readonly Lock _sync = new();
    private readonly Dictionary<Type, ChangeFeed> _feeds = [];
    private readonly List<Func<IServiceProvider, IEnumerable<(Type Changes, ChangeFeed Feed)>>> _sources = [];
    private readonly List<string> _problems = [];
    private readonly HashSet<int> _resolving = [];

    /// <summary>All of them, once each.</summary>
    public IReadOnlyList<ChangeFeed> All
    {
        get
        {
            lock (_sync)
                return [.. _feeds.Values.Distinct()];
        }
    }

    /// <summary>The names of their channels, by type.</summary>
    public IReadOnlyList<KeyValuePair<Type, string>> Names
    {
        get
        {
            lock (_sync)
                return [.. _feeds.Select(feed => KeyValuePair.Create(feed.Key, feed.Value.ChannelName))];
        }
    }

    /// <summary>What is wrong with the feeds of the sources, a sentence each.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_sync)
                return [.. _problems];
        }
    }

    /// <summary>Adds a feed.</summary>
    /// <param name="changes">The channel's type, <see cref="Changes{T}"/> of the type that stands for the table.</param>
    /// <param name="feed">The feed.</param>
    /// <exception cref="ArgumentException">The feed has no key, the type has another feed, or another feed has the same function or channel.</exception>
    public void Add(Type changes, ChangeFeed feed)
    {
        lock (_sync)
        {
            if (ProblemOf(changes, feed) is { } problem)
                throw new ArgumentException(problem, nameof(feed));
            _feeds[changes] = feed;
        }
    }

    /// <summary>Adds feeds that are known only once the application's services exist.</summary>
    /// <param name="source">Returns the feeds with the types of their channels. It is called before the handlers are planned; its result is used once.</param>
    public void AddSource(Func<IServiceProvider, IEnumerable<(Type Changes, ChangeFeed Feed)>> source)
    {
        lock (_sync)
            _sources.Add(source);
    }

    /// <summary>Asks the sources, unless that has succeeded before. A source that uses a service which needs this listener does not find its own feeds yet.</summary>
    /// <remarks>No lock is held meanwhile, because a source runs code of the application. Threads that come at the same time ask the sources too, and the first to have an answer adds the feeds.</remarks>
    public void Resolve(IServiceProvider services)
    {
        var thread = Environment.CurrentManagedThreadId;
        Func<IServiceProvider, IEnumerable<(Type Changes, ChangeFeed Feed)>>[] sources;
        lock (_sync)
        {
            if (_sources.Count == 0 || !_resolving.Add(thread))
                return;

            sources = [.. _sources];
        }

        try
        {
            AddFound([.. sources.SelectMany(source => source(services))]);
        }
        finally
        {
            lock (_sync)
                _resolving.Remove(thread);
        }
    }

    /// <summary>The feed of a channel's type; <see langword="null"/> if it has none.</summary>
    public ChangeFeed? Of(Type changes)
    {
        lock (_sync)
            return _feeds.GetValueOrDefault(changes);
    }

    private void AddFound(IReadOnlyList<(Type Changes, ChangeFeed Feed)> found)
    {
        lock (_sync)
        {
            // Another thread was faster.
            if (_sources.Count == 0)
                return;

            _sources.Clear();
            foreach (var (changes, feed) in found)
            {
                if (ProblemOf(changes, feed) is { } problem)
                    _problems.Add(problem);
                else
                    _feeds[changes] = feed;
            }
        }
    }

    private string? ProblemOf(Type changes, ChangeFeed feed)
    {
        var type = NameOf(changes);
        if (feed.KeyColumns.Count == 0)
            return $"The change feed of {feed.Definition.DisplayName} for {type} has no key. Name its columns: ChangeFeed.For(…).Key(\"id\").";
        if (_feeds.TryGetValue(changes, out var former) && !former.Equals(feed))
            return $"{type} has two change feeds: {former} and {feed}. Use another class for one of them, or remove one.";
        return _feeds
            .Where(other => !other.Value.Equals(feed))
            .Select(other => feed.Definition.ConflictWith(other.Value.Definition) is { } conflict ? $"The change feeds of {NameOf(other.Key)} and {type} {conflict}" : null)
            .FirstOrDefault(static problem => problem is not null);
    }

    private static string NameOf(Type changes) => changes.GetGenericArguments()[0].Name;
}
