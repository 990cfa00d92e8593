using System.Collections.Concurrent;
using PgListener.Connections;
using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>
/// The wanted channels and who wants them, against what the server has been told. Anyone edits the first; the one session
/// there is takes the difference, makes the server agree, and delivers.
/// </summary>
internal sealed class ChannelTable
{
    private readonly Lock _sync = new();
    private readonly ConcurrentDictionary<string, Route> _routes = new(StringComparer.Ordinal);
    private readonly HashSet<Route> _changed = [];
    private volatile Subscription[] _everything = [];
    private volatile bool _hasChanges;

    /// <summary>The one delivered to last, since many in a row go to the same.</summary>
    private Route _lastRoute = new("") { IsGone = true };

    private long _sessions;
    private long _session;
    private long _everythingLiveSession;

    /// <summary>Whether the server does not yet agree with what is wanted.</summary>
    public bool HasChanges => _hasChanges;

    /// <summary>Whether there is a session, which has to be told of changes. Without one, the next begins with all that is wanted.</summary>
    public bool IsInSession => Interlocked.Read(ref _session) != 0;

    /// <summary>All subscriptions.</summary>
    public IReadOnlyList<Subscription> All
    {
        get
        {
            lock (_sync)
                return [.. _routes.Values.SelectMany(route => route.Subscribers), .. _everything];
        }
    }

    /// <summary>Adds a channel of the listener's own.</summary>
    public void AddPrivate(string channel, Action<string> receive) => _ = Edit(channel, static _ => { }, receive);

    /// <summary>Whether it is a channel of the listener's own.</summary>
    public bool IsPrivate(string channel) => _routes.TryGetValue(channel, out var route) && route.IsPrivate;

    /// <summary>Adds a subscription.</summary>
    /// <returns>Completes when the server listens to its channel.</returns>
    public Task Add(Subscription subscription)
    {
        if (subscription.Channel is { } channel)
        {
            return Edit(channel, route =>
            {
                // A channel that is live already will not go live again: the newcomer is told before he is in the table.
                if (route.LiveSession == _session && _session != 0)
                    subscription.GoLive();
                route.Subscribers = [.. route.Subscribers, subscription];
                subscription.Add();
            });
        }

        lock (_sync)
        {
            if (_everythingLiveSession == _session && _session != 0)
                subscription.GoLive();
            _everything = [.. _everything, subscription];
            subscription.Add();
            return Task.CompletedTask;
        }
    }

    /// <summary>Removes a subscription.</summary>
    /// <returns>Completes when the server no longer listens to its channel, if nobody else wants it.</returns>
    public Task Remove(Subscription subscription)
    {
        if (subscription.Channel is { } channel)
        {
            return Edit(channel, route =>
            {
                subscription.Remove();
                route.Subscribers = [.. route.Subscribers.Where(other => other != subscription)];
            });
        }

        lock (_sync)
        {
            subscription.Remove();
            _everything = [.. _everything.Where(other => other != subscription)];
            return Task.CompletedTask;
        }
    }

    /// <summary>Takes back what <see cref="Pin"/> wished.</summary>
    public void Unpin(string channel) => _ = Edit(channel, static route => route.IsPinned = false);

    /// <summary>Wants a channel without a subscriber of its own.</summary>
    /// <returns>Completes when the server listens to it.</returns>
    public Task Pin(string channel) => Edit(channel, static route => route.IsPinned = true);

    /// <summary>Removes the callbacks of a channel, but for those that have a handle of their own, and its pin.</summary>
    /// <returns>What was removed, and when the server agrees.</returns>
    public (IReadOnlyList<Subscription> Removed, Task Settled) Clear(string channel)
    {
        IReadOnlyList<Subscription> removed = [];
        var settled = Edit(channel, route =>
        {
            removed = [.. route.Subscribers.Where(subscription => subscription.IsCleared)];
            foreach (var subscription in removed)
                subscription.Remove();
            route.Subscribers = [.. route.Subscribers.Where(subscription => !subscription.IsCleared)];
            route.IsPinned = false;
        });
        return (removed, settled);
    }

    /// <summary>The channels that have something to clear.</summary>
    public IReadOnlyList<string> ClearableChannels()
    {
        lock (_sync)
            return [.. _routes.Values.Where(route => route.IsPinned || route.Subscribers.Any(subscription => subscription.IsCleared)).Select(route => route.Channel)];
    }

    /// <summary>A new connection listens to nothing: everything wanted is a change.</summary>
    /// <returns>The session's number.</returns>
    public long BeginSession()
    {
        lock (_sync)
        {
            _session = ++_sessions;
            _changed.Clear();
            foreach (var route in _routes.Values)
            {
                route.IsApplied = false;
                route.IsInFlight = false;
                route.LiveSession = 0;
                MarkChanged(route);
            }

            return _session;
        }
    }

    /// <summary>The connection is gone.</summary>
    /// <param name="session">The session's number; one that has long been followed by another changes nothing.</param>
    public void EndSession(long session)
    {
        lock (_sync)
        {
            if (session != _session)
                return;

            _session = 0;
            foreach (var route in _routes.Values)
            {
                route.IsApplied = false;
                route.IsInFlight = false;
                route.LiveSession = 0;
                // Who waited for an UNLISTEN has it; who waits for a LISTEN waits for the next session.
                if (!route.IsWanted)
                    Settle(route, long.MaxValue);
            }
        }
    }

    /// <summary>The listener is stopped: whoever still waits for the server waits in vain.</summary>
    public void Abandon()
    {
        lock (_sync)
        {
            foreach (var route in _routes.Values)
                Fail(route, long.MaxValue, new ListenerClosedException());
            _session = 0;
        }
    }

    /// <summary>Takes the edits the server does not know of yet.</summary>
    /// <param name="session">The session that will tell it.</param>
    public IReadOnlyList<ChannelChange> TakeChanges(long session)
    {
        lock (_sync)
        {
            if (session != _session)
                return [];

            Route[] edited = [.. _changed];
            _changed.Clear();
            _hasChanges = false;

            var changes = new List<ChannelChange>(edited.Length);
            foreach (var route in edited)
            {
                if (route.IsWanted == route.IsApplied)
                {
                    Settle(route, route.Version);
                    continue;
                }

                route.IsInFlight = true;
                if (!route.IsWanted)
                    route.LiveSession = Route.Ending;
                changes.Add(new ChannelChange(route, route.IsWanted, route.Version));
            }

            return changes;
        }
    }

    /// <summary>The server has committed these edits.</summary>
    /// <param name="session">The session that told it.</param>
    /// <param name="changes">The edits.</param>
    public void Apply(long session, IReadOnlyList<ChannelChange> changes)
    {
        lock (_sync)
        {
            if (session != _session)
                return;

            foreach (var change in changes)
            {
                change.Route.IsInFlight = false;
                change.Route.IsApplied = change.Listen;
                if (change.Listen)
                    GoLive(change.Route);
                else
                    change.Route.LiveSession = 0;
                Settle(change.Route, change.Version);
            }

            GoLiveWithEverything();
        }
    }

    /// <summary>The server has refused one edit.</summary>
    /// <param name="session">The session that told it.</param>
    /// <param name="change">The edit.</param>
    /// <param name="error">What the server said.</param>
    public void Reject(long session, ChannelChange change, Exception error)
    {
        lock (_sync)
        {
            if (session != _session)
                return;

            change.Route.IsInFlight = false;
            Fail(change.Route, change.Version, error);
        }
    }

    /// <summary>Hands a notification to everyone who wants it. Only the session's own task calls this.</summary>
    public void Deliver(long session, string channel, string payload, int processId, WakeUps wakeUps)
    {
        if (session != Volatile.Read(ref _session))
            return; // The listener was stopped, and this session left behind.

        var route = _lastRoute;
        if (route.IsGone || route.Channel != channel)
        {
            if (!_routes.TryGetValue(channel, out var found))
                return; // It was sent before the server had heard of an UNLISTEN.
            _lastRoute = route = found;
        }

        if (route.LiveSession == Route.Ending)
            return;

        if (route.LiveSession != _session)
        {
            // It came before the answer to the LISTEN that lets it come.
            lock (_sync)
            {
                GoLive(route);
                GoLiveWithEverything();
            }
        }

        foreach (var subscription in route.Subscribers)
            subscription.Queue?.Enqueue(route.Channel, payload, processId, wakeUps);

        if (route.Private is { } receive)
        {
            receive(payload);
            return;
        }

        foreach (var subscription in _everything)
            subscription.Queue?.Enqueue(route.Channel, payload, processId, wakeUps);
    }

    private Task Edit(string channel, Action<Route> edit, Action<string>? receive = null)
    {
        ChannelName.ThrowIfInvalid(channel);
        lock (_sync)
        {
            var route = _routes.GetOrAdd(channel, static (name, receive) => new Route(name) { Private = receive }, receive);
            edit(route);
            route.Version++;
            if (route.IsWanted == route.IsApplied && !route.IsInFlight)
            {
                Settle(route, long.MaxValue); // Also those whose edit this one has taken back.
                return Task.CompletedTask;
            }

            MarkChanged(route);
            return route.WhenSettledAsync();
        }
    }

    private void MarkChanged(Route route)
    {
        _changed.Add(route);
        _hasChanges = true;
    }

    private void GoLive(Route route)
    {
        if (route.LiveSession == _session)
            return;

        route.LiveSession = _session;
        foreach (var subscription in route.Subscribers)
            subscription.GoLive();
    }

    private void GoLiveWithEverything()
    {
        if (_everythingLiveSession == _session)
            return;

        _everythingLiveSession = _session;
        foreach (var subscription in _everything)
            subscription.GoLive();
    }

    private void Settle(Route route, long version)
    {
        foreach (var waiter in route.TakeWaiters(version))
            waiter.TrySetResult();
        RemoveIfIdle(route);
    }

    private static void Fail(Route route, long version, Exception error)
    {
        foreach (var waiter in route.TakeWaiters(version))
        {
            if (waiter.TrySetException(error))
                _ = waiter.Task.Exception; // Whoever edited while the listener was stopped does not wait, and this is not his error.
        }
    }

    private void RemoveIfIdle(Route route)
    {
        if (!route.IsWanted && !route.IsApplied && !route.IsInFlight)
        {
            route.IsGone = true;
            _routes.TryRemove(route.Channel, out _);
            _changed.Remove(route);
        }
    }
}
