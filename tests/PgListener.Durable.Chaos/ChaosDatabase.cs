using Npgsql;
using PgListener.Durable.Chaos.Faults;
using PgListener.Durable.Chaos.Logs;
using PgListener.Testing;

namespace PgListener.Durable.Chaos;

/// <summary>The database of a run: the log, what the writers' transactions leave beside it, and the effects.</summary>
internal sealed class ChaosDatabase
{
    private const string Name = "chaos";

    private const string Tables = """
        create table account (name text primary key, last bigint not null default 0);
        create table written (number bigint primary key);
        create table effect (
            serial bigint generated always as identity, subscription text not null, number bigint not null, account text, sequence bigint not null,
            process text not null, at timestamptz not null default clock_timestamp());
        create index on effect (subscription);
        create table stall (process text not null, begun timestamptz not null, ended timestamptz not null);
        """;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    private readonly string _adminConnectionString;

    private ChaosDatabase(string adminConnectionString) => _adminConnectionString = adminConnectionString;

    /// <summary>How to connect to it.</summary>
    public string ConnectionString => ConnectionStringOf("chaos");

    /// <summary>Creates it.</summary>
    public static async Task<ChaosDatabase> CreateAsync(EphemeralPostgres server)
    {
        var database = new ChaosDatabase(server.ConnectionString);
        await using var admin = NpgsqlDataSource.Create(server.ConnectionString);
        await using (var create = admin.CreateCommand($"create database {Name}"))
            await create.ExecuteNonQueryAsync();
        await using var own = NpgsqlDataSource.Create(database.ConnectionString);
        await DurableSchema.CreateAsync(own);
        await using var tables = own.CreateCommand(Tables + $"insert into account (name) select 'a' || i from generate_series(1, {Settings.Keys}) i");
        await tables.ExecuteNonQueryAsync();
        return database;
    }

    /// <summary>How somebody with a name connects to it.</summary>
    public string ConnectionStringOf(string name)
        => new NpgsqlConnectionStringBuilder(_adminConnectionString) { Database = Name, ApplicationName = name, MaxPoolSize = 40, CommandTimeout = 30 }.ConnectionString;

    /// <summary>Ends all sessions of somebody. If the server is down meanwhile, they have ended too.</summary>
    public Task TerminateAsync(string name) => RetryAsync(_adminConnectionString, async connection =>
    {
        await using var command = new NpgsqlCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = $1", connection) { Parameters = { new() { Value = name } } };
        return (long)(await command.ExecuteScalarAsync())!;
    });

    /// <summary>Holds a transaction open in another database, unless the server ends it.</summary>
    public async Task HoldTransactionAsync(TimeSpan time)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_adminConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("begin; select pg_current_xact_id()", connection);
        await command.ExecuteNonQueryAsync();
        await Task.Delay(time);
    }

    /// <summary>How many messages each subscription has handled.</summary>
    public Task<IReadOnlyDictionary<string, long>> CountHandledAsync() => RetryAsync<IReadOnlyDictionary<string, long>>(ConnectionString, async connection =>
    {
        await using var command = new NpgsqlCommand("select subscription, count(distinct number) from effect where number in (select number from written) group by subscription", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
            counts.Add(reader.GetString(0), reader.GetInt64(1));
        return counts;
    });

    /// <summary>The numbers whose transactions were committed, by what they have left themselves.</summary>
    public Task<IReadOnlySet<long>> ReadWrittenAsync() => RetryAsync<IReadOnlySet<long>>(ConnectionString, async connection =>
    {
        await using var command = new NpgsqlCommand("select number from written", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var numbers = new HashSet<long>();
        while (await reader.ReadAsync())
            numbers.Add(reader.GetInt64(0));
        return numbers;
    });

    /// <summary>The effects.</summary>
    public Task<IReadOnlyList<Effect>> ReadEffectsAsync() => RetryAsync<IReadOnlyList<Effect>>(ConnectionString, async connection =>
    {
        await using var command = new NpgsqlCommand("select serial, subscription, number, account, sequence, process, at from effect", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var effects = new List<Effect>();
        while (await reader.ReadAsync())
            effects.Add(new(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetValue(3) as string, reader.GetInt64(4), reader.GetString(5), reader.GetFieldValue<DateTimeOffset>(6)));
        return effects;
    });

    /// <summary>When readers stood still.</summary>
    public Task<IReadOnlyList<Fault>> ReadStallsAsync() => RetryAsync<IReadOnlyList<Fault>>(ConnectionString, async connection =>
    {
        await using var command = new NpgsqlCommand("select process, begun, ended from stall", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var stalls = new List<Fault>();
        while (await reader.ReadAsync())
            stalls.Add(new(FaultKind.Stall, reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<DateTimeOffset>(2)));
        return stalls;
    });

    private static async Task<T> RetryAsync<T>(string connectionString, Func<NpgsqlConnection, Task<T>> work)
    {
        using var limit = new CancellationTokenSource(Settings.ServerPatience);
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
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
