using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace PgListener.Bench;

/// <summary>The service one would write: a loop that parses each notification once, and writes it into a bounded channel for each stream. What a slow browser has no room for is dropped.</summary>
internal sealed class Broadcast(NpgsqlDataSource dataSource) : BackgroundService
{
    private const int Capacity = 1_000;

    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableArray<ChannelWriter<BenchOrder>> _streams = [];

    /// <summary>Adds a stream. It is there when the server listens; streams that have ended stay, of which there are none here.</summary>
    public async Task<ChannelReader<BenchOrder>> JoinAsync(CancellationToken cancellationToken)
    {
        var stream = Channel.CreateBounded<BenchOrder>(new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.DropWrite });
        ImmutableInterlocked.Update(ref _streams, streams => streams.Add(stream.Writer));
        await _listening.Task.WaitAsync(cancellationToken);
        return stream.Reader;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(stoppingToken);
        connection.Notification += (_, e) => Write(JsonSerializer.Deserialize(e.Payload, BenchJson.Default.BenchOrder)!);
        await using (var command = new NpgsqlCommand($"LISTEN {Payload.Channel}", connection))
            await command.ExecuteNonQueryAsync(stoppingToken);
        _listening.TrySetResult();
        while (true)
            await connection.WaitAsync(stoppingToken);
    }

    private void Write(BenchOrder order)
    {
        foreach (var stream in _streams)
            stream.TryWrite(order);
    }
}
