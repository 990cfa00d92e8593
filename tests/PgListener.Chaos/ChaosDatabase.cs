using System.Security.Cryptography;
using Npgsql;
using PgListener.Chaos.Subjects;
using PgListener.Testing;

namespace PgListener.Chaos;

/// <summary>
/// The database of a run. Its encoding is SQL_ASCII, so that it takes any bytes for a payload, and cannot turn all of them into
/// UTF-8. Each listener has a role of its own, whose settings can be changed without anybody else noticing.
/// </summary>
internal sealed class ChaosDatabase
{
    private const string Name = "chaos";

    /// <summary>How long it is tried to reach a server that may be stopped or killed at the moment.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    private readonly string _password = RandomNumberGenerator.GetHexString(32);
    private readonly NpgsqlConnectionStringBuilder _settings;

    private ChaosDatabase(EphemeralPostgres server)
    {
        // What is changed has to survive a kill.
        _settings = new(server.ConnectionString) { Pooling = false, ApplicationName = "chaos", Options = "-c synchronous_commit=on" };
    }

    /// <summary>How its owner connects.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(_settings.ConnectionString) { Database = Name }.ConnectionString;

    /// <summary>Creates it on a server that runs.</summary>
    public static async Task<ChaosDatabase> CreateAsync(EphemeralPostgres server)
    {
        var database = new ChaosDatabase(server);
        await using var connection = new NpgsqlConnection(database._settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"create database {Name} template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'", connection);
        await command.ExecuteNonQueryAsync();
        await database.ExecuteAsync("create table written (number int); insert into written values (0)");
        return database;
    }

    /// <summary>How a listener connects.</summary>
    public string ConnectionStringOf(Subject subject)
        => new NpgsqlConnectionStringBuilder(_settings.ConnectionString) { Database = Name, Username = subject.Role, Password = _password, ApplicationName = subject.ApplicationName, Options = null, Pooling = true }.ConnectionString;

    /// <summary>Creates the role of a listener.</summary>
    public Task AddRoleAsync(Subject subject) => ExecuteAsync($"create role {subject.Role} login password '{_password}'");

    /// <summary>Runs statements; again and again, until the server is there.</summary>
    public Task ExecuteAsync(string sql) => RetryAsync(async connection =>
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync();
    });

    /// <summary>Ends server processes.</summary>
    /// <returns>How many.</returns>
    public Task<int> TerminateAsync(string which) => RetryAsync(async connection =>
    {
        await using var command = new NpgsqlCommand($"select count(*)::int from (select pg_terminate_backend(pid) from pg_stat_activity where {which}) as terminated", connection);
        return (int)(await command.ExecuteScalarAsync())!;
    });

    /// <summary>Ends the server process of a listener's connection, and records it.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> CutAsync(Subject subject, int process)
    {
        if (await TerminateAsync($"pid = {process} and usename = '{subject.Role}'") == 0)
            return false;

        subject.Log.AddCut(() => subject.ListeningProcess == process, $"process {process}");
        return true;
    }

    /// <summary>Ends all server processes of a listener, and records it.</summary>
    public async Task CutAllAsync(Subject subject)
    {
        var process = subject.ListeningProcess;
        await TerminateAsync($"usename = '{subject.Role}'");
        subject.Log.AddCut(() => process is not null && subject.ListeningProcess == process, $"process {process}");
    }

    private async Task<T> RetryAsync<T>(Func<NpgsqlConnection, Task<T>> work)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString);
                await connection.OpenAsync(limit.Token);
                return await work(connection);
            }
            catch (NpgsqlException e) when (e is not PostgresException { IsTransient: false } && !limit.IsCancellationRequested)
            {
                await Task.Delay(Retry, CancellationToken.None);
            }
        }
    }
}
