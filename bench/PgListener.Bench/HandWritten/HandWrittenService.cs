using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.Bench;

/// <summary>The service one would write around <c>WaitAsync</c>: it reconnects, and calls a handler from a scope for each notification, on the one loop there is.</summary>
internal sealed partial class HandWrittenService(NpgsqlDataSource dataSource, IServiceScopeFactory scopes, ILogger<HandWrittenService> logger) : BackgroundService
{
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, it is tried again.
                LogLost(logger, e);
                await Task.Delay(ReconnectDelay, stoppingToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(stoppingToken);
        var received = new Queue<string>();
        connection.Notification += (_, e) => received.Enqueue(e.Payload);
        await using (var command = new NpgsqlCommand($"LISTEN {Payload.Channel}", connection))
            await command.ExecuteNonQueryAsync(stoppingToken);

        while (true)
        {
            await connection.WaitAsync(stoppingToken);
            while (received.TryDequeue(out var payload))
                await OrderDispatch.DispatchAsync(payload, scopes, logger, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection is lost.")]
    private static partial void LogLost(ILogger logger, Exception exception);
}
