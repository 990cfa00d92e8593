using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.UnitTests;

/// <summary>The parts of the routing, put together as a listener does it.</summary>
internal sealed class RoutingKit
{
    private readonly Router _router;

    public RoutingKit()
    {
        Routes = new();
        Difference = new(Routes);
        Table = new(Routes, Difference);
        _router = new(Routes);
    }

    public Routes Routes { get; }

    public Difference Difference { get; }

    public ChannelTable Table { get; }

    public Router Router => _router;

    /// <summary>The server agrees with all that is wanted.</summary>
    public void Agree() => Difference.Apply(Difference.TakeChanges());

    /// <summary>As a session does it.</summary>
    public void Deliver(string channel, string payload, WakeUps wakeUps)
    {
        if (_router.Deliver(channel, payload, 0, wakeUps))
            return;

        Difference.BeginHearing(channel);
        _router.Deliver(channel, payload, 0, wakeUps);
    }
}
