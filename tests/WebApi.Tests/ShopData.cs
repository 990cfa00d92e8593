using Npgsql;

namespace WebApi.Tests;

/// <summary>A database of one test, seen from outside the shop.</summary>
internal sealed class ShopData(string connectionString, Func<Task> drop) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "WebApi.Tests", Pooling = false });

    public string ConnectionString => connectionString;

    public async Task<T> QueryAsync<T>(string sql, params object[] parameters)
    {
        await using var command = _source.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async Task NotifyAsync(string payload) => await QueryAsync<object>("select pg_notify('order_placed', $1)", payload);

    /// <summary>Publishes for the browsers, as another application does.</summary>
    public async Task PublishAsync(string payload) => await QueryAsync<object>("select pglistener.publish('live_order', $1)", payload);

    /// <summary>Ends the server's side of the listener's connection, and of its others that are open, whatever they have said last.</summary>
    public async Task TerminateListenerAsync()
        => Assert.InRange(await QueryAsync<long>(Terminate + " and application_name = 'PgListener'"), 1, 20);

    /// <summary>Ends the server's side of all connections of the shop.</summary>
    public async Task TerminateEverythingAsync()
        => Assert.InRange(await QueryAsync<long>(Terminate), 2, 100);

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await drop();
    }

    private const string Terminate =
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
}
