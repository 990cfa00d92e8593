using Npgsql;

namespace PgListener.Caching.Tests.Checks;

/// <summary>The source: one version for each key. Changes of a key exclude each other, as in an application that does not lose updates.</summary>
internal sealed class VersionTable(string connectionString) : IAsyncDisposable
{
    public const int Keys = 20;

    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "source", MaxPoolSize = 50 });

    public static string KeyOf(int number) => $"key{number}";

    public static async Task CreateAsync(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand($"create table if not exists versions (key text primary key, version bigint not null); insert into versions select 'key' || i, 1 from generate_series(0, {Keys - 1}) i on conflict do nothing");
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask<long> ReadAsync(string key)
    {
        await using var command = _database.CreateCommand("select version from versions where key = $1");
        command.Parameters.Add(new() { Value = key });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Commits a new version of a key, and does something with it before anybody else changes the key.</summary>
    public async Task ChangeAsync(string key, Func<long, Task> then)
    {
        await using var change = await LockAsync(key, isShared: false);
        await using var command = change.Connection.CreateCommand();
        command.CommandText = "update versions set version = version + 1 where key = $1 returning version";
        command.Parameters.Add(new() { Value = key });
        await then((long)(await command.ExecuteScalarAsync())!);
    }

    /// <summary>Keeps changes of a key away; or other changes, and those who share it.</summary>
    public async Task<KeyLock> LockAsync(string key, bool isShared)
    {
        var connection = await _database.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"select pg_advisory_lock{(isShared ? "_shared" : "")}(hashtext($1))";
        command.Parameters.Add(new() { Value = key });
        await command.ExecuteNonQueryAsync();
        return new(connection);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    /// <summary>Held until it is disposed of.</summary>
    internal sealed class KeyLock(NpgsqlConnection connection) : IAsyncDisposable
    {
        public NpgsqlConnection Connection => connection;

        public async ValueTask DisposeAsync()
        {
            await using (var command = connection.CreateCommand())
            {
                command.CommandText = "select pg_advisory_unlock_all()";
                await command.ExecuteNonQueryAsync();
            }

            await connection.DisposeAsync();
        }
    }
}
