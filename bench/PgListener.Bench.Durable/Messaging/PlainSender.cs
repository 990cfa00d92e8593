using Npgsql;

namespace PgListener.Bench;

/// <summary>Sends notifications.</summary>
internal sealed class PlainSender(string connectionString) : IMessageSender
{
    private readonly NpgsqlDataSource _dataSource = NpgsqlDataSource.Create(connectionString);

    public async Task SendAsync(long id, long sent, CancellationToken cancellationToken)
    {
        await using var command = _dataSource.CreateCommand("SELECT pg_notify($1, $2)");
        command.Parameters.Add(new() { Value = Payload.Channel });
        command.Parameters.Add(new() { Value = Payload.Write(id, sent) });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _dataSource.DisposeAsync();
}
