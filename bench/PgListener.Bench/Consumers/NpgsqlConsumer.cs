using Npgsql;

namespace PgListener.Bench;

/// <summary>Npgsql alone: a loop that waits, and an event handler that counts. Nothing is reconnected, queued or isolated.</summary>
internal sealed class NpgsqlConsumer(ConsumerSettings settings) : IConsumer
{
    private readonly CancellationTokenSource _stop = new();
    private readonly NpgsqlConnection _connection = new(ConnectionStringOf(settings));
    private Task _loop = Task.CompletedTask;

    public bool Parses { get; init; }

    public bool OneByOne { get; init; }

    public async Task StartAsync()
    {
        _connection.Notification += Parses
            ? static (_, e) => Meter.Instance.Hit(System.Text.Json.JsonSerializer.Deserialize(e.Payload, BenchJson.Default.BenchOrder)!)
            : static (_, e) => Meter.Instance.Hit(e.Payload);
        await _connection.OpenAsync(_stop.Token);
        await ListenAsync();
        _loop = Task.Run(LoopAsync, _stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _connection.DisposeAsync();
        _stop.Dispose();
    }

    private static string ConnectionStringOf(ConsumerSettings settings)
        => new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false, KeepAlive = settings.KeepAlive ?? 0 }.ConnectionString;

    private async Task ListenAsync()
    {
        if (OneByOne)
        {
            foreach (var channel in settings.ChannelNames)
            {
                await using var command = new NpgsqlCommand($"LISTEN {channel}", _connection);
                await command.ExecuteNonQueryAsync(_stop.Token);
            }

            return;
        }

        await using var batch = new NpgsqlBatch(_connection);
        foreach (var channel in settings.ChannelNames)
            batch.BatchCommands.Add(new($"LISTEN {channel}"));
        await batch.ExecuteNonQueryAsync(_stop.Token);
    }

    private async Task LoopAsync()
    {
        while (true)
            await _connection.WaitAsync(_stop.Token);
    }
}
