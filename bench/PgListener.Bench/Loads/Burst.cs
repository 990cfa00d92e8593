using System.Globalization;
using Npgsql;

namespace PgListener.Bench;

/// <summary>All of them in one transaction, in turn over the channels: they are in the server's queue at once, and the consumer is what takes time.</summary>
internal sealed record Burst(int Count, int Channels = 1) : ILoad
{
    public MeterOrder Order { get; init; } = new() { Count = Count, IsShared = Channels > 1 };

    public async Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var channel = Channels == 1 ? $"'{Payload.Channel}'" : $"'{Payload.Channel}_' || i % {Channels.ToString(CultureInfo.InvariantCulture)}";
        await using var command = dataSource.CreateCommand($"SELECT count(pg_notify({channel}, {Payload.Sql})) FROM generate_series(1, $1) i");
        command.Parameters.Add(new() { Value = Count });
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
