using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Subscriptions;

/// <summary>What all subscriptions of a listener share.</summary>
internal sealed record SubscriptionContext(
    OptionsInForce Options,
    Backpressure Backpressure,
    LastGood LastGood,
    Func<CancellationToken, ValueTask<NpgsqlConnection>> OpenConnection,
    TimeProvider Time,
    ILogger Logger)
{
    /// <summary>Where durations are recorded, if anywhere.</summary>
    public ListenerMetrics? Metrics { get; init; }

    /// <summary>The server at the moment, as <c>host:port</c>, if it is known.</summary>
    public Func<string?> Server { get; init; } = static () => null;
}
