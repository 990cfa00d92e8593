using PgListener.Subscriptions;

namespace PgListener.Routing;

/// <summary>The wanted channels and their subscriptions. Any thread may edit them at any time. Names have been checked.</summary>
internal sealed class ChannelTable(Routes routes, Difference difference)
{
    /// <summary>All subscriptions.</summary>
    public IReadOnlyList<Subscription> All
    {
        get
        {
            lock (routes.Sync)
            {
                var all = new List<Subscription>();
                foreach (var route in routes.All)
                    all.AddRange(route.Subscribers);
                all.AddRange(routes.Everything);
                return all;
            }
        }
    }

    /// <summary>Adds a channel of the listener's own.</summary>
    public void AddPrivate(string channel, Action<string> receive)
    {
        lock (routes.Sync)
            _ = difference.Note(routes.AddPrivate(channel, receive));
    }

    /// <summary>The names in the application of the channels that the server listens to, without the listener's private ones.</summary>
    public IReadOnlyCollection<string> ChannelsOf(IEnumerable<string> serverNames)
        => [.. serverNames.Where(name => !routes.TryGet(name, out var route) || !route.IsPrivate).Select(routes.ChannelOf)];

    /// <summary>Adds a subscription.</summary>
    /// <returns>Completes when the server listens to its channel.</returns>
    public Task Add(Subscription subscription)
    {
        if (subscription.Channel is { } channel)
        {
            return Edit(channel, route =>
            {
                // A channel that is live does not become live again, so the gap is announced to the new subscription before it is added.
                if (route.Hearing == Hearing.Yes)
                    subscription.GoLive();
                route.Subscribers = [.. route.Subscribers, subscription];
                subscription.Add();
            });
        }

        lock (routes.Sync)
        {
            if (routes.EverythingHears)
                subscription.GoLive();
            routes.Everything = [.. routes.Everything, subscription];
            subscription.Add();
            return Task.CompletedTask;
        }
    }

    /// <summary>Removes a subscription.</summary>
    /// <returns>Completes when the server no longer listens to its channel, if nothing else uses the channel.</returns>
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

        lock (routes.Sync)
        {
            subscription.Remove();
            routes.Everything = [.. routes.Everything.Where(other => other != subscription)];
            return Task.CompletedTask;
        }
    }

    /// <summary>Undoes <see cref="Pin"/>.</summary>
    public void Unpin(string channel) => _ = Edit(channel, static route => route.IsPinned = false);

    /// <summary>Adds a channel that has no subscription.</summary>
    /// <returns>Completes when the server listens to it.</returns>
    public Task Pin(string channel) => Edit(channel, static route => route.IsPinned = true);

    /// <summary>Removes the callbacks of a channel, except those with their own handle, and its pin.</summary>
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
        lock (routes.Sync)
            return [.. routes.All.Where(route => route.IsPinned || route.Subscribers.Any(subscription => subscription.IsCleared)).Select(route => route.Channel)];
    }

    private Task Edit(string channel, Action<Route> edit)
    {
        lock (routes.Sync)
        {
            var route = routes.GetOrAdd(channel);
            edit(route);
            return difference.Note(route);
        }
    }
}
