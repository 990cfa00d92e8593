using Npgsql;
using PgListener.Durable.Log;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>Publishing from SQL and from triggers with <c>pglistener.publish</c>.</summary>
public sealed class SqlPublishTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_writes_what_the_publisher_writes()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        var id = await kit.Database.QueryAsync<long>("""select pglistener.publish('orders', payload => 'ä', key => 'schlüssel', headers => '{"a":"b"}')""");
        Assert.Equal(1, id);
        await kit.Database.ExecuteAsync("select pglistener.publish('orders', 'without a key')");
        var rows = await kit.RowsAsync();
        Assert.Equal(new("orders", "schlüssel", Shard.BucketOf("schlüssel"), "ä", """{"a": "b"}"""), rows[0]);
        Assert.Equal(("without a key", null, null), (rows[1].Payload, rows[1].Key, rows[1].Headers));
        Assert.InRange(rows[1].Shard, 0, 255);
    }

    [Theory]
    [InlineData("repeat('c', 64), 'p'", "The name of the channel has 64 bytes")]
    [InlineData("'', 'p'", "The name of the channel has 0 bytes")]
    [InlineData("'c', 'p', repeat('ä', 128)", "The key of the message has 256 bytes")]
    public async Task What_no_reader_would_find_is_refused(string arguments, string message)
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        var error = await Assert.ThrowsAsync<PostgresException>(() => kit.Database.ExecuteAsync($"select pglistener.publish({arguments})"));
        Assert.Equal(PostgresErrorCodes.InvalidParameterValue, error.SqlState);
        Assert.StartsWith(message, error.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trigger_publishes_with_its_transaction()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await kit.Database.ExecuteAsync("""
            create table invoice (id int primary key);
            create function publish_invoice() returns trigger language plpgsql as $$
            begin
                perform pglistener.publish('invoices', payload => new.id::text, key => new.id::text);
                return null;
            end $$;
            create trigger publish after insert on invoice for each row execute function publish_invoice();
            insert into invoice values (1), (2);
            """);
        await using (var connection = await kit.OpenAsync())
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        await using (var command = new NpgsqlCommand("insert into invoice values (3)", connection))
        {
            await command.ExecuteNonQueryAsync(Cancellation);
            await transaction.RollbackAsync(Cancellation);
        }

        Assert.Equal(["1", "2"], await kit.PayloadsAsync());
    }

    [Fact]
    public async Task Readers_are_told_with_the_commit()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await using var ear = await Ear.OpenAsync(kit.Database);
        await using var other = await Ear.OpenAsync(kit.Database, "other");
        await kit.Database.ExecuteAsync("select pglistener.publish('orders', '1'), pglistener.publish('orders', '2'), pglistener.publish('other', '3')");
        Assert.Equal((1, 1), (await ear.CountAsync(), await other.CountAsync()));
    }

    [Fact]
    public async Task A_long_transaction_takes_one_lock_for_each_channel()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await using var connection = await kit.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using (var publish = new NpgsqlCommand("select pglistener.publish(c, 'x'), pg_sleep(0.011) from generate_series(1, 10), unnest('{a,b}'::text[]) c", connection))
            await publish.ExecuteNonQueryAsync(Cancellation);
        await using var locks = new NpgsqlCommand("select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()", connection);
        Assert.Equal(2L, await locks.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task Of_those_that_publish_at_the_same_time_one_notifies()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await using var ear = await Ear.OpenAsync(kit.Database);

        // This transaction publishes too, and so holds the lock of these 10 milliseconds. It takes those of the next 15 seconds as well.
        await using var connection = await kit.OpenAsync();
        await using var holder = await connection.BeginTransactionAsync(Cancellation);
        await using (var hold = new NpgsqlCommand(
            """
            select pglistener.publish('orders', 'x');
            select pg_advisory_xact_lock((classid::bigint << 32) | (objid::bigint & 4278190080) | ((objid::bigint + i) & 16777215))
            from pg_locks, generate_series(1, 1500) i
            where locktype = 'advisory' and pid = pg_backend_pid()
            """,
            connection))
            await hold.ExecuteNonQueryAsync(Cancellation);
        await kit.Database.ExecuteAsync("select pglistener.publish('orders', 'x')");
        Assert.Equal(0, await ear.CountAsync());

        await holder.RollbackAsync(Cancellation);
        await kit.Database.ExecuteAsync("select pglistener.publish('orders', 'x')");
        Assert.Equal(1, await ear.CountAsync());
    }
}
