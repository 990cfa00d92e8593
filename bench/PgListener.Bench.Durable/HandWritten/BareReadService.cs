using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Reads rows in the order of their ids and handles them. It records nothing, so it is no queue, but the least that a reader of a table can do.</summary>
internal sealed class BareReadService(NpgsqlDataSource dataSource, IServiceScopeFactory scopes, BareReadPosition position) : TableService(dataSource)
{
    private const int Page = 1_000;

    protected override async Task<int> HandleSomeAsync(NpgsqlConnection connection, CancellationToken stoppingToken)
    {
        await using var command = new NpgsqlCommand(SkipLockedSql.Read, connection) { Parameters = { new() { Value = position.Last }, new() { Value = Page } } };
        await command.PrepareAsync(stoppingToken); // Once for each connection.
        await using var reader = await command.ExecuteReaderAsync(stoppingToken);
        var count = 0;
        for (; await reader.ReadAsync(stoppingToken); count++)
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<IMessageWork>().HandleAsync(JsonSerializer.Deserialize(reader.GetString(1), BenchMessage.JsonTypeInfo)!);
            position.Last = reader.GetInt64(0);
        }

        return count;
    }
}
