using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.Durable.Streams;

/// <summary>What all streams of a listener share.</summary>
internal sealed record StreamContext
{
    /// <summary>Where connections come from.</summary>
    public required NpgsqlDataSource DataSource { get; init; }

    /// <summary>The listener's settings.</summary>
    public required OptionsInForce Options { get; init; }

    public required DurableChannelOptions Durable { get; init; }

    public required string ChannelPrefix { get; init; }

    /// <summary>Begins to coordinate, if that is not done yet.</summary>
    public required Action Coordinate { get; init; }

    /// <summary>Begins to hear wake-ups of a channel, given its name in the log and its name in the application.</summary>
    public required Func<string, string, IAsyncDisposable> Hear { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }
}
