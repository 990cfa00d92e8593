using Microsoft.Extensions.Hosting;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Reads a table of messages as long as there are some, then waits for a notification or a second.</summary>
internal abstract class TableService(NpgsqlDataSource dataSource) : BackgroundService
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
            if (await HandleSomeAsync(connection, stoppingToken) == 0)
                await listening.WaitAsync(PollInterval, stoppingToken);
        }
    }

    /// <summary>Reads some messages and handles them.</summary>
    /// <returns>How many there were.</returns>
    protected abstract Task<int> HandleSomeAsync(NpgsqlConnection connection, CancellationToken stoppingToken);
}
