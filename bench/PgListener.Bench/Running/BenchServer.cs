using Npgsql;
using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>The throw-away server of a run.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private readonly EphemeralPostgres _postgres;
    private int _databases;

    private BenchServer(EphemeralPostgres postgres)
    {
        _postgres = postgres;
        DataSource = NpgsqlDataSource.Create(ConnectionStringOf("postgres"));
    }

    /// <summary>Its database <c>postgres</c>.</summary>
    public NpgsqlDataSource DataSource { get; }

    public Version Version => _postgres.Version;

    public static async Task<BenchServer> LaunchAsync(EphemeralPostgresOptions? options) => new(await EphemeralPostgres.LaunchAsync(options));

    /// <summary>Processor time of all its processes, also of those that have ended; 0 where the system does not say.</summary>
    public TimeSpan ProcessorTime() => _postgres.ProcessId is { } id ? ProcessTree.ProcessorTime(id) : TimeSpan.Zero;

    /// <summary>Makes an empty database.</summary>
    public async Task<BenchDatabase> CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var name = $"bench_{++_databases}";
        await ExecuteAsync($"CREATE DATABASE {name}", cancellationToken);
        return new(this, name, ConnectionStringOf(name));
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = DataSource.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <summary>The consumers connect with it, so it keeps the password.</summary>
    private string ConnectionStringOf(string database)
        => new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Database = database, PersistSecurityInfo = true }.ConnectionString;
}
