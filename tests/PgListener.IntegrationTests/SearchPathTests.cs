using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>A search path that leads to functions, types and operators of somebody's own before those of PostgreSQL.</summary>
public sealed class SearchPathTests(ServerFixture server) : IAsyncLifetime
{
    private readonly string _schema = $"hostile_{Guid.NewGuid():n}"[..20];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
        => await ExecuteAsync(
            $"""
            create schema {_schema};
            set local search_path to pg_catalog;
            create function {_schema}.pg_notify(text, text) returns void language sql as 'select';
            create function {_schema}.pg_is_in_recovery() returns bool language sql as 'select true';
            create function {_schema}.unnest(text[]) returns setof text language sql as 'select null::text where false';
            create function {_schema}.unnest(text[], text[]) returns table (a text, b text) language sql as 'select null::text, null::text where false';
            create aggregate {_schema}.count(void) (sfunc = pg_catalog.int8inc_any, stype = int8, initcond = '0');
            create domain {_schema}.text as pg_catalog.varchar(1);
            """);

    public async ValueTask DisposeAsync() => await ExecuteAsync($"drop schema {_schema} cascade");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Everything_is_sent_all_the_same(bool coalescing)
    {
        var channel = NewChannel();
        await using var ear = await Ear.OpenAsync(server, channel);
        await using var dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { SearchPath = $"{_schema}, pg_catalog" });
        await using (var check = dataSource.CreateCommand("select pg_is_in_recovery()"))
            Assert.Equal(true, await check.ExecuteScalarAsync(Cancellation));

        await using var publisher = dataSource.CreatePublisher(new() { CoalesceWindow = coalescing ? TimeSpan.Zero : null });
        await publisher.PublishAsync(channel, "one", Cancellation);
        await publisher.PublishManyAsync(channel, ["two", "three"], Cancellation);
        await using (var connection = await dataSource.OpenConnectionAsync(Cancellation))
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await publisher.PublishAsync(channel, "four", transaction, Cancellation);
            await publisher.PublishManyAsync(channel, ["five", "six"], connection, Cancellation);
            await transaction.CommitAsync(Cancellation);
        }

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => publisher.PublishAsync(channel, "same", Cancellation)).ToArray());
        await ear.HeardAsync(["one", "two", "three", "four", "five", "six", .. Enumerable.Repeat("same", 6)]);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await server.Sender.OpenConnectionAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
        await using (var command = new NpgsqlCommand(sql, connection))
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
    }
}
