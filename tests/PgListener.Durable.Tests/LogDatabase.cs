using Npgsql;

namespace PgListener.Durable.Tests;

/// <summary>A database with the schema of durable channels, and connections to it.</summary>
public sealed class LogDatabase : IAsyncDisposable
{
    public LogDatabase(string connectionString, NpgsqlDataSource dataSource)
    {
        ConnectionString = connectionString;
        DataSource = dataSource;
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource { get; }

    public static async Task<LogDatabase> CreateAsync(ServerFixture server) => await CreateAsync(await server.CreateDatabaseAsync());

    /// <summary>Creates the schema in a database that is empty.</summary>
    public static async Task<LogDatabase> CreateAsync(string connectionString)
    {
        var dataSource = NpgsqlDataSource.Create(connectionString);
        await CreateSchemaAsync(dataSource);
        return new(connectionString, dataSource);
    }

    public static async Task CreateSchemaAsync(NpgsqlDataSource dataSource)
    {
        await using var script = typeof(DurableChannelOptions).Assembly.GetManifestResourceStream("schema.sql")!;
        using var reader = new StreamReader(script);
        await using var command = dataSource.CreateCommand(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A database that has the schema.</summary>
    public static LogDatabase Of(string connectionString) => new(connectionString, NpgsqlDataSource.Create(connectionString));

    public async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}
