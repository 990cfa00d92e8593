using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace PgListener.EntityFrameworkCore.Tests.Migrations;

/// <summary>The schema of durable channels, created by migrations.</summary>
public class SchemaTests(ServerFixture server)
{
    private const string Version = "select coalesce(obj_description(to_regnamespace('pglistener'), 'pg_namespace'), 'none')";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_created_and_removed()
    {
        var connectionString = await server.CreateDatabaseAsync();
        await using var db = new SchemaContext(connectionString);
        await db.Database.MigrateAsync(Cancellation);
        Assert.Equal($"PgListener durable channels, version {DurableSchema.Version}", await QueryAsync(connectionString, Version));
        Assert.Equal("1", await QueryAsync(connectionString, "select pglistener.publish('orders', '{}')::text"));

        await db.Database.MigrateAsync("0", Cancellation);
        Assert.Equal("none", await QueryAsync(connectionString, Version));
    }

    [Theory]
    [InlineData(MigrationsSqlGenerationOptions.Default)]
    [InlineData(MigrationsSqlGenerationOptions.Idempotent)]
    public async Task A_script_creates_it_too(MigrationsSqlGenerationOptions options)
    {
        var connectionString = await server.CreateDatabaseAsync();
        await using var db = new SchemaContext(connectionString);
        var script = db.GetService<IMigrator>().GenerateScript(options: options);
        await QueryAsync(connectionString, script);
        if (options == MigrationsSqlGenerationOptions.Idempotent)
            await QueryAsync(connectionString, script);
        Assert.Equal($"PgListener durable channels, version {DurableSchema.Version}", await QueryAsync(connectionString, Version));
    }

    private static async Task<string?> QueryAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancellation) as string;
    }
}
