using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A worker on a table that is a queue: takes rows as long as there are some, then waits for a notification or a second.</summary>
internal sealed class SkipLockedService(NpgsqlDataSource dataSource, IServiceScopeFactory scopes, int batch) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var listening = await dataSource.OpenConnectionAsync(stoppingToken);
        await using (var listen = new NpgsqlCommand(SkipLockedSql.Listen, listening))
            await listen.ExecuteNonQueryAsync(stoppingToken);
        await using var connection = await dataSource.OpenConnectionAsync(stoppingToken);
        while (true)
        {
            if (await TakeAsync(connection, stoppingToken) == 0)
                await listening.WaitAsync(PollInterval, stoppingToken);
        }
    }

    private async Task<int> TakeAsync(NpgsqlConnection connection, CancellationToken stoppingToken)
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
