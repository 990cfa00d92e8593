using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>Delivers notifications to their subscriptions. One session at a time delivers, one notification at a time.</summary>
internal sealed class Router(Routes routes)
{
    /// <summary>The last route, because successive notifications often have the same one.</summary>
    private Route _lastRoute = new("", "") { IsGone = true };

    /// <summary>Delivers a notification to all of its subscriptions.</summary>
    /// <returns><see langword="false"/> if its subscriptions do not get notifications yet: <see cref="Difference.BeginHearing"/> has to be called first.</returns>
    public bool Deliver(string channel, string payload, int processId, WakeUps wakeUps)
    {
        var route = _lastRoute;
        if (route.IsGone || route.ServerName != channel)
        {
            if (!routes.TryGet(channel, out var found))
                return true; // It was sent before the server executed an UNLISTEN.
            _lastRoute = route = found;
        }

        if (route.Hearing != Hearing.Yes)
            return route.Hearing == Hearing.Ending;

        foreach (var subscription in route.Subscribers)
            subscription.Queue?.Enqueue(route.Channel, payload, processId, wakeUps);

        if (route.Private is { } receive)
        {
            receive(payload);
            return true;
        }

        foreach (var subscription in routes.Everything)
            subscription.Queue?.Enqueue(route.Channel, payload, processId, wakeUps);
        return true;
    }
}
