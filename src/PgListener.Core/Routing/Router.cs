using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>Hands notifications to those who want them. One session at a time delivers, one notification at a time.</summary>
internal sealed class Router(Routes routes)
{
    /// <summary>The one delivered to last, since many in a row go to the same.</summary>
    private Route _lastRoute = new("", "") { IsGone = true };

    /// <summary>Hands a notification to everyone who wants it.</summary>
    /// <returns><see langword="false"/> if its subscribers do not hear yet: <see cref="Difference.BeginHearing"/> has to come first.</returns>
    public bool Deliver(string channel, string payload, int processId, WakeUps wakeUps)
    {
        var route = _lastRoute;
        if (route.IsGone || route.ServerName != channel)
        {
            if (!routes.TryGet(channel, out var found))
                return true; // It was sent before the server had heard of an UNLISTEN.
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
