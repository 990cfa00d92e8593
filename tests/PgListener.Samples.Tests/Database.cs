using Npgsql;
using WebApi.Tests;

namespace PgListener.Samples.Tests;

/// <summary>A database of one test, seen from outside the samples, as with psql.</summary>
internal sealed class Database(string connectionString, Func<Task> drop) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "Samples.Tests", Pooling = false });

    /// <summary>What a sample is given.</summary>
    public string ConnectionString => connectionString;

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Asks until the answer is the expected one.</summary>
    public Task<T> UntilAsync<T>(string sql, T expected) => Eventually.GetAsync(() => QueryAsync<T>(sql), answer => Equals(answer, expected));

    /// <summary>A connection on which a test may keep a transaction open.</summary>
    public async Task<NpgsqlConnection> OpenAsync() => await _source.OpenConnectionAsync(TestContext.Current.CancellationToken);

    /// <summary>Ends the server's side of listening connections, which PgListener gives its own name.</summary>
    public async Task TerminateListenersAsync() => Assert.InRange(await QueryAsync<long>(Terminate + " and application_name = 'PgListener'"), 1, 100);

    /// <summary>Ends the server's side of all connections of the samples.</summary>
    public async Task TerminateEverythingAsync()
        => Assert.InRange(await QueryAsync<long>(Terminate + " and application_name <> 'Samples.Tests'"), 2, 100);

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await drop();
    }

    private const string Terminate = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
}
