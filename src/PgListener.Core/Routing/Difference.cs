namespace PgListener.Routing;

/// <summary>
/// The difference between the wanted channels and those that were sent to the server in the current session. The callers check that a session is the
/// current one.
/// </summary>
internal sealed class Difference(Routes routes)
{
    private readonly HashSet<Route> _changed = [];
    private volatile bool _hasChanges;
    private volatile bool _isInSession;
    private int _listens;

    /// <summary>Whether the wanted channels differ from those that were sent to the server.</summary>
    public bool HasChanges => _hasChanges;

    /// <summary>Whether a LISTEN is among the changes, which a caller may be waiting for.</summary>
    public bool HasListens => Volatile.Read(ref _listens) > 0;

    /// <summary>How many channels differ.</summary>
    public int Count
    {
        get
        {
            lock (routes.Sync)
                return _changed.Count;
        }
    }

    /// <summary>Whether there is a session to send changes to. Without one, the next session begins with everything that is wanted.</summary>
    public bool IsInSession => _isInSession;

    /// <summary>A new connection listens to nothing, so everything wanted is a change.</summary>
    public void BeginSession()
    {
        lock (routes.Sync)
        {
            Reset();
            _isInSession = true;
        }
    }

    /// <summary>The connection is over. A wait for an UNLISTEN is over too; a wait for a LISTEN goes on in the next session.</summary>
    public void EndSession()
    {
        lock (routes.Sync)
        {
            _isInSession = false;
            Reset();
        }
    }

    /// <summary>The listener is stopped, and nothing waits for the server any more.</summary>
    public void Abandon()
    {
        lock (routes.Sync)
        {
            foreach (var route in routes.All)
                route.Waiters.Fail(long.MaxValue, new ListenerClosedException());
        }
    }

    /// <summary>Notes an edit of a route. Called under the lock of <see cref="Routes"/>.</summary>
    /// <returns>Completes when the server agrees.</returns>
    public Task Note(Route route)
    {
        route.Version++;
        if (route.IsWanted == route.IsApplied && !route.IsInFlight)
        {
            Forget(route);
            Settle(route, long.MaxValue); // Also waits for an edit that this one reverts.
            return Task.CompletedTask;
        }

        Mark(route);
        return route.Waiters.WhenSettledAsync(route.Version, route.SentVersion);
    }

    /// <summary>Takes edits that the server does not know of yet. An edit of a channel that has a change in progress stays until that is answered.</summary>
    /// <param name="most">The most edits to take.</param>
    public IReadOnlyList<ChannelChange> TakeChanges(int most = int.MaxValue)
    {
        lock (routes.Sync)
        {
            Route[] edited = [.. _changed.Where(static route => !route.IsInFlight).Take(most)];
            var changes = new List<ChannelChange>(edited.Length);
            foreach (var route in edited)
            {
                Forget(route);
                if (route.IsWanted == route.IsApplied)
                {
                    Settle(route, route.Version);
                    continue;
                }

                route.IsInFlight = true;
                route.SentVersion = route.Version;
                if (!route.IsWanted)
                    route.Hearing = Hearing.Ending;
                changes.Add(new ChannelChange(route, route.IsWanted, route.Version));
            }

            return changes;
        }
    }

    /// <summary>The server has committed these edits.</summary>
    public void Apply(IReadOnlyList<ChannelChange> changes)
    {
        lock (routes.Sync)
        {
            foreach (var change in changes)
            {
                change.Route.IsInFlight = false;
                change.Route.IsApplied = change.Listen;
                if (change.Listen)
                    change.Route.BeginHearing();
                else
                    change.Route.Hearing = Hearing.No;
                Settle(change.Route, change.Version);
            }

            routes.BeginHearingEverything();
        }
    }

    /// <summary>The server has refused one edit.</summary>
    public void Reject(ChannelChange change, Exception error)
    {
        lock (routes.Sync)
        {
            change.Route.IsInFlight = false;
            change.Route.Waiters.Fail(change.Version, error);
        }
    }

    /// <summary>A notification has arrived before the answer to its LISTEN.</summary>
    public void BeginHearing(string channel)
    {
        lock (routes.Sync)
        {
            if (!routes.TryGet(channel, out var route) || route.Hearing == Hearing.Ending)
                return;

            route.BeginHearing();
            routes.BeginHearingEverything();
        }
    }

    private void Reset()
    {
        foreach (var route in _changed)
            route.CountsAsListen = false;
        _changed.Clear();
        _listens = 0;
        _hasChanges = false;
        routes.EverythingHears = false;
        foreach (var route in routes.All)
        {
            route.IsApplied = false;
            route.IsInFlight = false;
            route.Hearing = Hearing.No;
            if (route.IsWanted)
                Mark(route);
            else
                Settle(route, long.MaxValue);
        }
    }

    private void Mark(Route route)
    {
        _changed.Add(route);
        SetListen(route, route.IsWanted && !route.IsApplied);
        _hasChanges = true;
    }

    private void Forget(Route route)
    {
        if (_changed.Remove(route))
            SetListen(route, value: false);
        _hasChanges = _changed.Count > 0;
    }

    private void SetListen(Route route, bool value)
    {
        if (route.CountsAsListen == value)
            return;

        route.CountsAsListen = value;
        _listens += value ? 1 : -1;
    }

    private void Settle(Route route, long version)
    {
        route.Waiters.Settle(version);
        if (!routes.RemoveIfIdle(route))
            return;

        // Later edits have the same result: the channel is not wanted, and the server does not listen to it.
        Forget(route);
        route.Waiters.Settle(long.MaxValue);
    }
}
