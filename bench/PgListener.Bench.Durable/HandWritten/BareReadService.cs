using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Reads rows in the order of their ids and handles them. It records nothing, so it is no queue, but the least that a reader of a table can do.</summary>
internal sealed class BareReadService(NpgsqlDataSource dataSource, IServiceScopeFactory scopes, BareReadPosition position) : BackgroundService
{
    private const int Page = 1_000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var listening = await dataSource.OpenConnectionAsync(stoppingToken);
        await using (var listen = new NpgsqlCommand(SkipLockedSql.Listen, listening))
            await listen.ExecuteNonQueryAsync(stoppingToken);
        await using var connection = await dataSource.OpenConnectionAsync(stoppingToken);
        await using var command = new NpgsqlCommand(SkipLockedSql.Read, connection) { Parameters = { new NpgsqlParameter<long>(), new() { Value = Page } } };
        await command.PrepareAsync(stoppingToken);
        while (true)
        {
            if (await ReadAsync(command, stoppingToken) == 0)
                await listening.WaitAsync(PollInterval, stoppingToken);
        }
    }

    private async Task<int> ReadAsync(NpgsqlCommand command, CancellationToken stoppingToken)
    {
        ((NpgsqlParameter<long>)command.Parameters[0]).TypedValue = position.Last;
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
