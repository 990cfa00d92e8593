using Npgsql;

namespace PgListener.Bench;

/// <summary>A notification on the first channel.</summary>
internal sealed class NotifyProbe(NpgsqlDataSource dataSource, ConsumerSettings settings) : IProbe
{
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand("SELECT pg_notify($1, $2)");
        command.Parameters.Add(new() { Value = Payload.ChannelOf(0, settings.Channels) });
        command.Parameters.Add(new() { Value = Payload.Probe });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
