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
    /// <summary>Records durations, if they are collected.</summary>
    public ListenerMetrics? Metrics { get; init; }

    /// <summary>Notified of every call; optional.</summary>
    public ICallObserver? Observer { get; init; }

    /// <summary>The server at the moment, as <c>host:port</c>, if it is known.</summary>
    public Func<string?> Server { get; init; } = static () => null;

    /// <summary>Numbers from 0 (inclusive) to 1 (exclusive).</summary>
    public Func<double> Random { get; init; } = System.Random.Shared.NextDouble;

    /// <summary>The series that the metrics report.</summary>
    public SeriesTable Series { get; } = new();

    /// <summary>Whether the listener calls callbacks.</summary>
    public DispatchWatch Dispatching { get; } = new(Time, Logger);

    /// <summary>Reports gaps of subscriptions to which gaps are not announced.</summary>
    public UnheardGaps Unheard { get; } = new(Time, Logger);
}
