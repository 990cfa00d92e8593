using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.Bench;

/// <summary>The same with a bounded channel between, so that the connection is read while a handler runs. When the channel is full, the reading waits.</summary>
internal sealed partial class HandWrittenChannelService(NpgsqlDataSource dataSource, IServiceScopeFactory scopes, ILogger<HandWrittenChannelService> logger) : BackgroundService
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    private readonly Channel<string> _payloads = Channel.CreateBounded<string>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(ReceiveAsync(stoppingToken), HandleAsync(stoppingToken));

    private async Task ReceiveAsync(CancellationToken stoppingToken)
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
        var left = new Queue<string>();
        connection.Notification += (_, e) =>
        {
            // An event handler cannot wait. What finds no room is written before the next read.
            if (left.Count > 0 || !_payloads.Writer.TryWrite(e.Payload))
                left.Enqueue(e.Payload);
        };
        await using (var command = new NpgsqlCommand($"LISTEN {Payload.Channel}", connection))
            await command.ExecuteNonQueryAsync(stoppingToken);

        while (true)
        {
            await connection.WaitAsync(stoppingToken);
            while (left.TryDequeue(out var payload))
                await _payloads.Writer.WriteAsync(payload, stoppingToken);
        }
    }

    private async Task HandleAsync(CancellationToken stoppingToken)
    {
        await foreach (var payload in _payloads.Reader.ReadAllAsync(stoppingToken))
            await OrderDispatch.DispatchAsync(payload, scopes, logger, stoppingToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection is lost.")]
    private static partial void LogLost(ILogger logger, Exception exception);
}
