using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Durable.Walks;

/// <summary>What all walks of a listener share.</summary>
/// <param name="DataSource">Where connections come from.</param>
/// <param name="Options">The settings.</param>
/// <param name="ListenerName">The listener's name; empty for the one without a name.</param>
/// <param name="Holder">This process, to be shown to people.</param>
/// <param name="Server">The server as <c>host:port</c>, if it is known.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">The log.</param>
internal sealed record WalkContext(
    NpgsqlDataSource DataSource, DurableChannelOptions Options, string ListenerName, string Holder, string? Server, TimeProvider Time, ILogger Logger)
{
    /// <summary>Where the durations of calls are recorded.</summary>
    public ListenerMetrics? Metrics { get; init; }
}
