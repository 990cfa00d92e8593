using Npgsql;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>A session that listens on a channel.</summary>
internal sealed class Ear : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly LogDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly string _channel;
    private readonly Queue<string> _heard = new();

    private Ear(LogDatabase database, NpgsqlConnection connection, string channel)
    {
        _database = database;
        _connection = connection;
        _channel = channel;
        _connection.Notification += (_, e) => _heard.Enqueue(e.Payload);
    }

    public static async Task<Ear> OpenAsync(LogDatabase database, string channel = "orders")
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"listen \"{channel}\"", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new(database, connection, channel);
    }

    /// <summary>Waits for the next notification.</summary>
    public async Task<string> NextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        while (_heard.Count == 0)
            await _connection.WaitAsync(limit.Token);
        return _heard.Dequeue();
    }

    /// <summary>The number of notifications without a payload that were sent up to now.</summary>
    public async Task<int> CountAsync()
    {
        await _database.ExecuteAsync($"select pg_notify('{_channel}', 'end')");
        var count = 0;
        while (await NextAsync() is not "end")
            count++;
        return count;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
