using System.Text.Json;
using System.Threading.Channels;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A loop that waits, and a channel for each reader, which parses. The channels have no bound, so that nothing is lost: what a slow reader has not read takes memory.</summary>
internal sealed class HandWrittenReaders(ConsumerSettings settings) : IConsumer
{
    private readonly CancellationTokenSource _stop = new();
    private readonly NpgsqlConnection _connection = new(new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false }.ConnectionString);
    private Task _running = Task.CompletedTask;

    public async Task StartAsync()
    {
        Channel<string>[] channels = [.. Enumerable.Range(0, settings.Lanes).Select(static _ => Channel.CreateUnbounded<string>(new() { SingleReader = true, SingleWriter = true }))];
        _connection.Notification += (_, e) =>
        {
            foreach (var channel in channels)
                channel.Writer.TryWrite(e.Payload);
        };
        await _connection.OpenAsync(_stop.Token);
        await using (var command = new NpgsqlCommand($"LISTEN {Payload.Channel}", _connection))
            await command.ExecuteNonQueryAsync(_stop.Token);
        _running = Task.WhenAll([Task.Run(LoopAsync, _stop.Token), .. channels.Select((channel, lane) => Task.Run(() => ReadAsync(channel.Reader, lane), _stop.Token))]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _connection.DisposeAsync();
        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        while (true)
            await _connection.WaitAsync(_stop.Token);
    }

    private async Task ReadAsync(ChannelReader<string> payloads, int lane)
    {
        await foreach (var payload in payloads.ReadAllAsync(_stop.Token))
            Meter.Instance.Hit(JsonSerializer.Deserialize(payload, BenchJson.Default.BenchOrder)!, lane);
    }
}
