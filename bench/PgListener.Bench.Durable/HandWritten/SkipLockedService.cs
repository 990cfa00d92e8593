using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A worker on a table that is a queue: takes rows in batches, handles them, and commits.</summary>
internal sealed class SkipLockedService(NpgsqlDataSource dataSource, IServiceScopeFactory scopes, int batch) : TableService(dataSource)
{
    protected override async Task<int> HandleSomeAsync(NpgsqlConnection connection, CancellationToken stoppingToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(stoppingToken);
        var payloads = await ReadAsync(connection, stoppingToken);
        foreach (var payload in payloads)
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<IMessageWork>().HandleAsync(JsonSerializer.Deserialize(payload, BenchMessage.JsonTypeInfo)!);
        }

        await transaction.CommitAsync(stoppingToken);
        return payloads.Count;
    }

    private async Task<List<string>> ReadAsync(NpgsqlConnection connection, CancellationToken stoppingToken)
    {
        await using var command = new NpgsqlCommand(SkipLockedSql.Take, connection);
        command.Parameters.Add(new() { Value = batch });
        await using var reader = await command.ExecuteReaderAsync(stoppingToken);
        var payloads = new List<string>(batch);
        while (await reader.ReadAsync(stoppingToken))
            payloads.Add(reader.GetString(0));
        return payloads;
    }
}
