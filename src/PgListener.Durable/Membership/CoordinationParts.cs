using Microsoft.Extensions.Logging;
using PgListener.Connections;

namespace PgListener.Durable.Membership;

/// <summary>What the coordination works with.</summary>
internal sealed record CoordinationParts
{
    /// <summary>Where its connection comes from.</summary>
    public required ConnectionSource Connections { get; init; }

    /// <summary>The listener's settings, for connecting.</summary>
    public required OptionsInForce Options { get; init; }

    public required DurableChannelOptions Durable { get; init; }

    public required ISchemaCheck Schema { get; init; }

    public required IClusterDiscovery Clusters { get; init; }

    public required SubscriptionRegistrar Registrar { get; init; }

    /// <summary>The handlers.</summary>
    public required IReadOnlyList<DurableSubscription> Subscriptions { get; init; }

    /// <summary>Walks the shards.</summary>
    public required IShardRunner Runner { get; init; }

    /// <summary>Keeps the log until it is cancelled, and never fails. One instance does at a time; none if left out.</summary>
    public Func<Cluster, CancellationToken, Task>? Keep { get; init; }

    /// <summary>Who else reads the log; nobody if left out.</summary>
    public ILogTails? Tails { get; init; }

    public required FormerRuns FormerRuns { get; init; }

    public required WakeUps WakeUps { get; init; }

    /// <summary>Is told how the coordination goes.</summary>
    public CoordinationState State { get; init; } = new(TimeProvider.System);

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }
}
