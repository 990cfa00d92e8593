namespace PgListener.ChangeFeeds;

/// <summary>The change feeds of a listener, by the type of their channels.</summary>
internal sealed class FeedRegistry
{
    private readonly Lock _sync = new();
    private readonly Dictionary<Type, ChangeFeed> _feeds = [];
    private readonly List<Func<IServiceProvider, IEnumerable<(Type Changes, ChangeFeed Feed)>>> _sources = [];
    private readonly List<string> _problems = [];
    private bool _isResolving;

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
    /// <exception cref="ArgumentException">The type has another feed.</exception>
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
    /// <param name="source">Returns the feeds with the types of their channels. It is called once, before the handlers are planned.</param>
    public void AddSource(Func<IServiceProvider, IEnumerable<(Type Changes, ChangeFeed Feed)>> source)
    {
        lock (_sync)
            _sources.Add(source);
    }

    /// <summary>Asks the sources, once. A source that uses a service which needs this listener does not find its own feeds yet.</summary>
    public void Resolve(IServiceProvider services)
    {
        if (_sources.Count == 0)
            return;

        lock (_sync)
        {
            if (_isResolving)
                return;

            _isResolving = true;
            try
            {
                foreach (var source in _sources)
                {
                    foreach (var (changes, feed) in source(services))
                    {
                        if (ProblemOf(changes, feed) is { } problem)
                            _problems.Add(problem);
                        else
                            _feeds[changes] = feed;
                    }
                }

                _sources.Clear();
            }
            finally
            {
                _isResolving = false;
            }
        }
    }

    /// <summary>The feed of a channel's type; <see langword="null"/> if it has none.</summary>
    public ChangeFeed? Of(Type changes)
    {
        lock (_sync)
            return _feeds.GetValueOrDefault(changes);
    }

    private string? ProblemOf(Type changes, ChangeFeed feed)
    {
        var type = changes.GetGenericArguments()[0].Name;
        if (feed.KeyColumns.Count == 0)
            return $"The change feed of {feed.Definition.DisplayName} for {type} has no key. Name its columns: ChangeFeed.For(…).Key(\"id\").";
        return _feeds.TryGetValue(changes, out var other) && !other.Equals(feed)
            ? $"{type} has two change feeds: {other} and {feed}. Use another class for one of them, or remove one."
            : null;
    }
}
