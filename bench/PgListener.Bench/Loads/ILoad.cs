using Npgsql;

namespace PgListener.Bench;

/// <summary>What is sent to a consumer. The ids run from 1 up, each once.</summary>
internal interface ILoad
{
    /// <summary>What the consumer is told before.</summary>
    MeterOrder Order { get; }

    /// <summary>Sends it, or lets the time pass that there is nothing.</summary>
    Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken);
}
