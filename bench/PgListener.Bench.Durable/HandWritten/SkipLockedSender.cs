using System.Text.Json;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Inserts a row, and wakes the worker as part of the same transaction.</summary>
internal sealed class SkipLockedSender(string connectionString) : IMessageSender
{
    private readonly NpgsqlDataSource _dataSource = NpgsqlDataSource.Create(connectionString);

    public async Task SendAsync(long id, long sent, CancellationToken cancellationToken)
    {
        await using var batch = _dataSource.CreateBatch();
        var insert = batch.CreateBatchCommand();
        insert.CommandText = SkipLockedSql.Insert;
        insert.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(BenchMessage.Of(id, sent), BenchMessage.JsonTypeInfo) });
        batch.BatchCommands.Add((NpgsqlBatchCommand)insert);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(SkipLockedSql.Notify));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _dataSource.DisposeAsync();
}
