using System.Globalization;
using Npgsql;
using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos;

/// <summary>Commits numbered notifications, straight on the server, and records of each what became of it. It never sends a number twice.</summary>
internal sealed class Publisher(string connectionString, RunLog log, int seed) : IAsyncDisposable
{
    public const int ShortestPayload = 20;
    public const int LongestPayload = 7_900;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    private readonly Random _random = new(seed);
    private readonly string[] _channels = [.. log.Sent.Keys];
    private readonly string _connectionString = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "chaos publisher" }.ConnectionString;
    private NpgsqlConnection? _connection;

    /// <summary>Sends batches of random size after random pauses: mostly a few, now and then a burst.</summary>
    public async Task RunAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var size = _random.Chance(0.03) ? _random.Next(100, 400) : _random.Next(1, 20);
            await SendAsync([.. Enumerable.Range(0, size).Select(_ => _random.Of(_channels))]);
            await Task.Delay(_random.Milliseconds(0, 100), over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends one on each channel.</summary>
    public Task SendRoundAsync() => SendAsync(_channels);

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
    }

    private async Task SendAsync(string[] channels)
    {
        var next = log.Sent.ToDictionary(sent => sent.Key, sent => sent.Value.Count);
        var batch = Array.ConvertAll(channels, channel => (Channel: channel, Number: ++next[channel], Length: DrawLength()));
        var begun = DateTimeOffset.UtcNow;
        var outcome = Outcome.RolledBack;
        try
        {
            _connection ??= await ConnectAsync();
            await using var transaction = await _connection.BeginTransactionAsync();
            await using (var command = new NpgsqlCommand("select pg_notify(channel, payload) from unnest($1, $2) as batch (channel, payload)", _connection, transaction))
            {
                command.Parameters.Add(new() { Value = channels });
                command.Parameters.Add(new() { Value = Array.ConvertAll(batch, one => PayloadOf(one.Channel, one.Number, one.Length)) });
                await command.ExecuteNonQueryAsync();
            }

            if (_random.Chance(0.02))
            {
                await transaction.RollbackAsync();
            }
            else
            {
                begun = DateTimeOffset.UtcNow;
                outcome = Outcome.Unknown;
                await transaction.CommitAsync();
                outcome = Outcome.Committed;
            }
        }
        catch (NpgsqlException)
        {
            // The server is down, or has gone down: what that means for this batch is recorded below, and the next one connects anew.
            if (_connection is not null)
                await _connection.DisposeAsync();
            _connection = null;
            await Task.Delay(Retry);
        }

        var ended = DateTimeOffset.UtcNow;
        foreach (var (channel, number, length) in batch)
            log.Sent[channel].Add(new(number, length, begun, ended, outcome));
    }

    private async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(_connectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>As many short ones as long ones on the scale of powers, so that both are common.</summary>
    private int DrawLength() => (int)(ShortestPayload * Math.Pow((double)LongestPayload / ShortestPayload, _random.NextDouble()));

    private static string PayloadOf(string channel, int number, int length)
        => string.Create(CultureInfo.InvariantCulture, $"{channel}:{number}:").PadRight(length, '.');
}
