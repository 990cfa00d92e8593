using PgListener.Publishing;

namespace PgListener.Testing.Memory;

/// <summary>
/// Replaces PostgreSQL for all listeners and publishers of an application, which share it like one database. It delivers each
/// notification to all connected listeners, in the same order.
/// </summary>
internal sealed class MemoryServer
{
    /// <summary>The name that is shown in place of a server's host and port.</summary>
    public const string Name = "memory";

    private readonly Dictionary<string, MemoryLine> _lines = new(StringComparer.Ordinal);
    private readonly List<PublishedNotification> _published = [];
    private int _lastProcessId = 1000;

    /// <summary>Held briefly, and never while another lock is held.</summary>
    public Lock Sync { get; } = new();

    /// <summary>The notifications that the application has published, in order.</summary>
    public PublishedNotification[] Published
    {
        get
        {
            lock (Sync)
                return [.. _published];
        }
    }

    /// <summary>The lines of all listeners that exist so far.</summary>
    public MemoryLine[] Lines
    {
        get
        {
            lock (Sync)
                return [.. _lines.Values];
        }
    }

    /// <summary>Gets the line of a listener and its publisher.</summary>
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
    /// Waits for listeners that are connecting, so that a notification that is sent just after a start or a loss is not missed. Listeners that are
    /// stopped or cannot connect are not waited for.
    /// </summary>
    public async Task WhenConnectedAsync(CancellationToken cancellationToken)
    {
        foreach (var line in Lines)
            await line.WhenConnectedAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Commits a transaction. Identical notifications are merged, as in PostgreSQL.</summary>
    /// <param name="notifications">The notifications, already checked.</param>
    /// <param name="processId">The process id of the sender.</param>
    /// <param name="publisher">The name of the listener whose publisher sends them; <see langword="null"/> if the test sends them.</param>
    /// <param name="prefix">The channel prefix of that publisher.</param>
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

    /// <summary>Removes the published notifications.</summary>
    public void Forget(Func<string, bool> isOf)
    {
        lock (Sync)
            _published.RemoveAll(published => isOf(published.Listener));
    }
}
