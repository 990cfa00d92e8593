using Npgsql;
using PgListener.Durable.Schema;

namespace PgListener.Durable.Tests.Schema;

/// <summary>Creating the schema, and finding out what is wrong with it.</summary>
public sealed class SchemaTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Eight_instances_may_create_it_at_the_same_time()
    {
        await using var dataSource = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        using var start = new Barrier(8);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () =>
            {
                start.SignalAndWait(Cancellation);
                await DurableSchema.CreateAsync(dataSource, Cancellation);
            },
            Cancellation)));
        Assert.Null(await ProblemAsync(dataSource));
        await using var command = dataSource.CreateCommand("select pglistener.publish('a', 'x')");
        Assert.Equal(1L, await command.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task Nothing_is_left_of_one_that_fails()
    {
        await using var dataSource = NpgsqlDataSource.Create(await server.CreateDatabaseAsync());
        await ExecuteAsync(dataSource, "create schema pglistener; create table pglistener.position (); create view pglistener.retry as select 1");
        await Assert.ThrowsAsync<PostgresException>(() => DurableSchema.CreateAsync(dataSource, Cancellation));
        Assert.StartsWith("There is a schema 'pglistener'", await ProblemAsync(dataSource), StringComparison.Ordinal);
        await using var command = dataSource.CreateCommand("select count(*) from pg_class where relnamespace = 'pglistener'::regnamespace and relkind in ('r', 'p')");
        Assert.Equal(1L, await command.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task The_script_can_be_run_again_and_keeps_what_is_there()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("select pglistener.publish('a', 'x')");
        await database.ExecuteAsync(DurableSchema.Script);
        await DurableSchema.CreateAsync(database.DataSource, Cancellation);
        Assert.Equal(1L, await database.QueryAsync<long>("select count(*) from pglistener.message"));
        Assert.Null(await ProblemAsync(database.DataSource));
    }

    [Fact]
    public async Task A_later_version_is_not_changed_back()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("comment on schema pglistener is 'PgListener durable channels, version 2'");
        await DurableSchema.CreateAsync(database.DataSource, Cancellation);
        var error = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(DurableSchema.Script));
        Assert.StartsWith("The schema pglistener has version 2", error.MessageText, StringComparison.Ordinal);
        Assert.Equal("PgListener durable channels, version 2", await database.QueryAsync<string>("select obj_description('pglistener'::regnamespace, 'pg_namespace')"));
    }

    [Fact]
    public void Each_version_has_a_script_to_the_present_one()
    {
        Assert.Equal(1, DurableSchema.Version);
        Assert.Equal(DurableSchema.Script, DurableSchema.ScriptFrom(0));
        Assert.Equal("-- The schema has version 1 already: there is nothing to do.", DurableSchema.ScriptFrom(1).Trim());
        Assert.Throws<ArgumentOutOfRangeException>(() => DurableSchema.ScriptFrom(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => DurableSchema.ScriptFrom(-1));
        Assert.Contains($"IS 'PgListener durable channels, version {DurableSchema.Version}'", DurableSchema.Script, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("drop schema pglistener cascade", "The schema 'pglistener' of durable channels does not exist in the database '{0}'. Run the script DurableSchema.Script")]
    [InlineData("comment on schema pglistener is 'mine'", "There is a schema 'pglistener' in the database '{0}', but its comment does not say")]
    [InlineData("comment on schema pglistener is null", "There is a schema 'pglistener' in the database '{0}', but its comment does not say")]
    [InlineData("comment on schema pglistener is 'PgListener durable channels, version 0'", "The schema 'pglistener' in the database '{0}' has version 0, and this version of PgListener.Durable needs 1. Run the script DurableSchema.ScriptFrom(0)")]
    [InlineData("comment on schema pglistener is 'PgListener durable channels, version 2'", null)]
    [InlineData("comment on schema pglistener is 'PgListener durable channels, version 3'", "The schema 'pglistener' in the database '{0}' has version 3, and this version of PgListener.Durable works with 1 and 2 only. Use a later version of the package.")]
    [InlineData("drop table pglistener.loss, pglistener.retry", "The schema 'pglistener' in the database '{0}' is incomplete: it lacks loss, retry. Run the script")]
    public async Task What_is_wrong_is_named_with_its_remedy(string sql, string? problem)
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync(sql);
        var name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;
        if (problem is null)
            Assert.Null(await ProblemAsync(database.DataSource));
        else
            Assert.StartsWith(problem.Replace("{0}", name, StringComparison.Ordinal), await ProblemAsync(database.DataSource), StringComparison.Ordinal);
    }

    internal static async Task<string?> ProblemAsync(NpgsqlDataSource dataSource)
    {
        await using var connection = await dataSource.OpenConnectionAsync(Cancellation);
        return await SchemaCheck.ProblemAsync(connection, Cancellation);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource dataSource, string sql)
    {
        await using var command = dataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
