using PgListener.Publishing;

namespace PgListener.Testing.Memory;

/// <summary>
/// What takes the place of PostgreSQL for all listeners and publishers of an application, as one database would. It hands each
/// notification to all who are connected, in the same order.
/// </summary>
internal sealed class MemoryServer
{
    /// <summary>What it is called where a server's host and port would stand.</summary>
    public const string Name = "memory";

    private readonly Dictionary<string, MemoryLine> _lines = new(StringComparer.Ordinal);
    private readonly List<PublishedNotification> _published = [];
    private int _lastProcessId = 1000;

    /// <summary>Held for moments only, while nothing else is.</summary>
    public Lock Sync { get; } = new();

    /// <summary>What the application has published, in its order.</summary>
    public PublishedNotification[] Published
    {
        get
        {
            lock (Sync)
                return [.. _published];
        }
    }

    /// <summary>The lines of all listeners that there are so far.</summary>
    public MemoryLine[] Lines
    {
        get
        {
            lock (Sync)
                return [.. _lines.Values];
        }
    }

    /// <summary>The line of a listener and its publisher.</summary>
    public MemoryLine LineOf(string listener)
    {
        lock (Sync)
        {
            if (!_lines.TryGetValue(listener, out var line))
                _lines.Add(listener, line = new(listener, Sync));
            return line;
        }
    }

    /// <summary>A new session begins.</summary>
    public int NextProcessId() => Interlocked.Increment(ref _lastProcessId);

    /// <summary>
    /// Waits for listeners that are just connecting, so that nothing that is sent after a start or a loss is missed for a moment's
    /// difference. Nobody waits for one that is stopped or cannot connect.
    /// </summary>
    public async Task WhenConnectedAsync(CancellationToken cancellationToken)
    {
        foreach (var line in Lines)
            await line.WhenConnectedAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Commits a transaction. Identical notifications of it are one, as in PostgreSQL.</summary>
    /// <param name="notifications">The notifications, checked already.</param>
    /// <param name="processId">Who sends them.</param>
    /// <param name="publisher">The listener whose publisher of the application's sends them; <see langword="null"/> for everyone else.</param>
    /// <param name="prefix">What that publisher puts before each channel's name.</param>
    public void Commit(IReadOnlyList<Outgoing> notifications, int processId, string? publisher = null, string prefix = "")
    {
        lock (Sync)
        {
            if (publisher is not null)
                _published.AddRange(notifications.Select(sent => new PublishedNotification(publisher, new(sent.Channel[prefix.Length..], sent.Payload, processId))));
            foreach (var sent in notifications.Distinct())
            {
                foreach (var line in _lines.Values)
                    line.Post(new(new Notification(sent.Channel, sent.Payload, processId)));
            }
        }
    }

    /// <summary>Forgets what was published.</summary>
    public void Forget(Func<string, bool> isOf)
    {
        lock (Sync)
            _published.RemoveAll(published => isOf(published.Listener));
    }
}
