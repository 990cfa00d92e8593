using Microsoft.Extensions.Caching.Distributed;
using Npgsql;

namespace PgListener.Caching.Tests.Checks;

/// <summary>A distributed cache that processes share: a table, which is reached without faults. Nothing expires, because a check takes less time than that.</summary>
internal sealed class SharedTable(string connectionString) : IDistributedCache, IAsyncDisposable
{
    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "shared level", MaxPoolSize = 20 });

    public static async Task CreateAsync(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand("create unlogged table if not exists shared_level (key text primary key, value bytea not null)");
        await command.ExecuteNonQueryAsync();
    }

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        await using var command = Command("select value from shared_level where key = $1", key);
        return (byte[]?)await command.ExecuteScalarAsync(token);
    }

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await using var command = Command("insert into shared_level values ($1, $2) on conflict (key) do update set value = excluded.value", key, value);
        await command.ExecuteNonQueryAsync(token);
    }

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        await using var command = Command("delete from shared_level where key = $1", key);
        await command.ExecuteNonQueryAsync(token);
    }

    public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

    public byte[]? Get(string key) => throw new NotSupportedException();

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

    public void Refresh(string key) => throw new NotSupportedException();

    public void Remove(string key) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private NpgsqlCommand Command(string text, params object[] parameters)
    {
        var command = _database.CreateCommand(text);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return command;
    }
}
