using Npgsql;

namespace PgListener.Bench;

/// <summary>Npgsql alone: a loop that waits, and event handlers that count. Nothing is reconnected, queued or isolated.</summary>
internal sealed class NpgsqlConsumer(ConsumerSettings settings) : IConsumer
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<NpgsqlConnection> _connections = [];
    private Task _loops = Task.CompletedTask;

    public bool Parses { get; init; }

    public bool OneByOne { get; init; }

    public async Task StartAsync()
    {
        for (var i = 0; i < settings.Listeners; i++)
        {
            var connection = new NpgsqlConnection(ConnectionStringOf(settings));
            _connections.Add(connection);
            for (var lane = 0; lane < settings.Lanes; lane++)
                connection.Notification += Handler(lane);
            await connection.OpenAsync(_stop.Token);
            await ListenAsync(connection, [.. settings.ChannelNames.Where((_, channel) => channel % settings.Listeners == i)]);
        }

        _loops = Task.WhenAll(_connections.Select(connection => Task.Run(() => LoopAsync(connection), _stop.Token)));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var connection in _connections)
            await connection.DisposeAsync();
        _stop.Dispose();
    }

    private static string ConnectionStringOf(ConsumerSettings settings)
        => new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false, KeepAlive = settings.KeepAlive ?? 0 }.ConnectionString;

    /// <summary>The first has no closure, so that a single handler costs what it does in an application.</summary>
    private NotificationEventHandler Handler(int lane) => (Parses, lane) switch
    {
        (true, 0) => static (_, e) => Meter.Instance.Hit(Parse(e.Payload)),
        (true, _) => (_, e) => Meter.Instance.Hit(Parse(e.Payload), lane),
        (false, 0) => static (_, e) => Meter.Instance.Hit(e.Payload),
        (false, _) => (_, e) => Meter.Instance.Hit(e.Payload, lane),
    };

    private static BenchOrder Parse(string payload) => System.Text.Json.JsonSerializer.Deserialize(payload, BenchJson.Default.BenchOrder)!;

    private async Task ListenAsync(NpgsqlConnection connection, IReadOnlyList<string> channels)
    {
        if (OneByOne)
        {
            foreach (var channel in channels)
            {
                await using var command = new NpgsqlCommand($"LISTEN {channel}", connection);
                await command.ExecuteNonQueryAsync(_stop.Token);
            }

            return;
        }

        await using var batch = new NpgsqlBatch(connection);
        foreach (var channel in channels)
            batch.BatchCommands.Add(new($"LISTEN {channel}"));
        await batch.ExecuteNonQueryAsync(_stop.Token);
    }

    private async Task LoopAsync(NpgsqlConnection connection)
    {
        while (true)
            await connection.WaitAsync(_stop.Token);
    }
}
