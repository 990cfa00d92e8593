using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>
/// Every channel that is wanted, or that the server listens to, and the readers of all channels. <see cref="ChannelTable"/> edits
/// what is wanted, <see cref="Difference"/> compares it with what the server was told, and <see cref="Router"/> delivers.
/// All of them use this one lock, except the delivery.
/// </summary>
internal sealed class Routes
{
    private readonly ConcurrentDictionary<string, Route> _byChannel = new(StringComparer.Ordinal);
    private volatile Subscription[] _everything = [];

    public Lock Sync { get; } = new();

    /// <summary>All routes. Enumerate them under the lock.</summary>
    public IEnumerable<Route> All => _byChannel.Select(static entry => entry.Value);

    /// <summary>The readers of all channels. Replaced as a whole, never edited.</summary>
    public Subscription[] Everything
    {
        get => _everything;
        set => _everything = value;
    }

    /// <summary>Whether the readers of all channels get notifications in the current session.</summary>
    public bool EverythingHears { get; set; }

    public bool TryGet(string channel, [MaybeNullWhen(false)] out Route route) => _byChannel.TryGetValue(channel, out route);

    public Route GetOrAdd(string channel, Action<string>? receive)
        => _byChannel.GetOrAdd(channel, static (name, receive) => new Route(name) { Private = receive }, receive);

    /// <summary>Removes a route that is not wanted and that the server does not know.</summary>
    /// <returns>Whether it was removed.</returns>
    public bool RemoveIfIdle(Route route)
    {
        if (route.IsWanted || route.IsApplied || route.IsInFlight)
            return false;

        route.IsGone = true;
        _byChannel.TryRemove(route.Channel, out _);
        return true;
    }

    /// <summary>From now on the readers of all channels get notifications. Each is told of its gap first.</summary>
    public void BeginHearingEverything()
    {
        if (EverythingHears)
            return;

        EverythingHears = true;
        foreach (var subscription in _everything)
            subscription.GoLive();
    }
}
