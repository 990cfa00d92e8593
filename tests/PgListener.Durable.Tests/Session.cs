using Npgsql;

namespace PgListener.Durable.Tests;

/// <summary>A connection with statements as short as a schedule needs them.</summary>
internal sealed class Session(NpgsqlConnection connection) : IAsyncDisposable
{
    private const string Publish = """
        insert into pglistener.message (channel, key, bucket, payload)
        values ($1, $3, coalesce(get_byte(sha256(convert_to($3, 'UTF8')), 0), floor(random() * 256)::int), convert_to($2, 'UTF8'))
        returning id
        """;

    public NpgsqlConnection Connection => connection;

    public static async Task<Session> OpenAsync(NpgsqlDataSource dataSource) => new(await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken));

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public Task BeginAsync() => ExecuteAsync("begin");

    public Task CommitAsync() => ExecuteAsync("commit");

    /// <summary>Publishes in the open transaction, or in one of its own, without a wake-up: a transaction with one cannot be prepared.</summary>
    /// <returns>The id.</returns>
    public async Task<long> PublishAsync(string payload, string channel = "a", string? key = null)
    {
        await using var command = new NpgsqlCommand(Publish, connection)
        {
            Parameters = { new() { Value = channel }, new() { Value = payload }, new() { Value = (object?)key ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } },
        };
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
