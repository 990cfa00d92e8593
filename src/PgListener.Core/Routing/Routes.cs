using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>
/// Every channel that is wanted, or that the server listens to, and the readers of all channels. <see cref="ChannelTable"/> edits
/// what is wanted, <see cref="Difference"/> compares it with what the server was told, and <see cref="Router"/> delivers.
/// All of them use this one lock, except the delivery.
/// </summary>
/// <param name="prefix">The prefix of each channel at the server, except the listener's private ones.</param>
internal sealed class Routes(string prefix = "")
{
    private readonly ConcurrentDictionary<string, Route> _byServerName = new(StringComparer.Ordinal);
    private volatile Subscription[] _everything = [];

    public Lock Sync { get; } = new();

    /// <summary>All routes. Enumerate them under the lock.</summary>
    public IEnumerable<Route> All => _byServerName.Select(static entry => entry.Value);

    /// <summary>The readers of all channels. Replaced as a whole, never edited.</summary>
    public Subscription[] Everything
    {
        get => _everything;
        set => _everything = value;
    }

    /// <summary>Whether the readers of all channels get notifications in the current session.</summary>
    public bool EverythingHears { get; set; }

    /// <summary>Finds a channel by its name at the server.</summary>
    public bool TryGet(string serverName, [MaybeNullWhen(false)] out Route route) => _byServerName.TryGetValue(serverName, out route);

    /// <summary>Finds a channel by its name in the application, or adds it.</summary>
    public Route GetOrAdd(string channel)
        => _byServerName.GetOrAdd(string.Concat(prefix, channel), static (name, channel) => new Route(channel, name), channel);

    /// <summary>Adds a channel of the listener's own, which has no prefix.</summary>
    public Route AddPrivate(string channel, Action<string> receive)
        => _byServerName.GetOrAdd(channel, static (name, receive) => new Route(name, name) { Private = receive }, receive);

    /// <summary>The name in the application of a channel that the server listens to, which may be one that the application listens to by itself.</summary>
    public string ChannelOf(string serverName) => serverName.StartsWith(prefix, StringComparison.Ordinal) ? serverName[prefix.Length..] : serverName;

    /// <summary>Removes a route that is not wanted and that the server does not know.</summary>
    /// <returns>Whether it was removed.</returns>
    public bool RemoveIfIdle(Route route)
    {
        if (route.IsWanted || route.IsApplied || route.IsInFlight)
            return false;

        route.IsGone = true;
        _byServerName.TryRemove(route.ServerName, out _);
        return true;
    }

    /// <summary>From now on the readers of all channels get notifications. The gap is announced to each of them first.</summary>
    public void BeginHearingEverything()
    {
        if (EverythingHears)
            return;

        EverythingHears = true;
        foreach (var subscription in _everything)
            subscription.GoLive();
    }
}
