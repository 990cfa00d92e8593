using System.Globalization;
using Npgsql;
using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos;

/// <summary>
/// Commits numbered notifications, straight on the server, and records of each what became of it. It never sends a number twice.
/// A channel has one publisher, which sends one transaction after the other; several of them do not wait for each other.
/// </summary>
internal sealed class Publisher(string connectionString, IReadOnlyList<string> channels, RunLog log, int seed) : IAsyncDisposable
{
    public const int ShortestPayload = 20;
    public const int LongestPayload = 7_900;
    public const int LongestBurstPayload = 100;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    private readonly Random _random = new(seed);
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly string _connectionString = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "chaos publisher" }.ConnectionString;
    private NpgsqlConnection? _connection;

    /// <summary>Sends batches of random size after random pauses: mostly a few, now and then a burst.</summary>
    public async Task RunAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var size = _random.Chance(0.03) ? _random.Next(100, 400) : _random.Next(1, 20);
            await SendAsync([.. Enumerable.Range(0, size).Select(_ => _random.Of(channels))], LongestPayload);
            await Task.Delay(_random.Milliseconds(0, 100), over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends one on each channel, now and then: what is lost on a channel that is otherwise silent shows too.</summary>
    public async Task ProbeAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await SendRoundAsync();
            await Task.Delay(Settings.ProbeInterval, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends one on each channel.</summary>
    public Task SendRoundAsync() => SendAsync([.. channels], LongestBurstPayload);

    /// <summary>Sends many on one channel, in one transaction.</summary>
    public Task BurstAsync(string channel, int count) => SendAsync([.. Enumerable.Repeat(channel, count)], LongestBurstPayload);

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        _oneAtATime.Dispose();
    }

    private async Task SendAsync(string[] to, int longest)
    {
        await _oneAtATime.WaitAsync();
        try
        {
            await SendOneAsync(to, longest);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task SendOneAsync(string[] to, int longest)
    {
        var next = channels.ToDictionary(channel => channel, channel => log.Sent[channel].Count);
        var batch = Array.ConvertAll(to, channel => (Channel: channel, Number: ++next[channel], Length: DrawLength(longest)));
        var begun = DateTimeOffset.UtcNow;
        var outcome = Outcome.RolledBack;
        try
        {
            _connection ??= await ConnectAsync();
            await using var transaction = await _connection.BeginTransactionAsync();
            await using (var command = new NpgsqlCommand("select pg_notify(channel, payload) from unnest($1, $2) as batch (channel, payload)", _connection, transaction))
            {
                command.Parameters.Add(new() { Value = to });
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
    private int DrawLength(int longest) => (int)(ShortestPayload * Math.Pow((double)longest / ShortestPayload, _random.NextDouble()));

    private static string PayloadOf(string channel, int number, int length)
        => string.Create(CultureInfo.InvariantCulture, $"{channel}:{number}:").PadRight(length, '.');
}
