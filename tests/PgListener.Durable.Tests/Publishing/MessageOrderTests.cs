using System.Globalization;
using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Publishing;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>What the log's windows rest on: messages of transactions that begin after a snapshot have ids above all that are visible in it.</summary>
public sealed class MessageOrderTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // The function takes the place of nextval in the default of the id, and fails if the transaction has no number when the id is drawn.
    private const string Guard = """
        create function guarded() returns bigint language plpgsql as $$
        begin
            if pg_current_xact_id_if_assigned() is null then raise exception 'the id is drawn before the transaction has its number'; end if;
            return nextval('pglistener.message_id');
        end $$;
        alter table pglistener.message alter column id set default guarded();
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1_000)]
    [InlineData(InsertCommand.MaxRows + 1)]
    public async Task The_publisher_has_the_transaction_numbered_before_an_id_is_drawn(int count)
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await kit.Database.ExecuteAsync(Guard);
        var values = Enumerable.Range(0, count).Select(i => new Order($"{i}")).ToArray();
        await kit.Publisher.PublishManyAsync(values, Cancellation);

        // The first of these also notifies.
        await using var connection = await kit.OpenAsync();
        await kit.Publisher.PublishManyAsync(values, connection, Cancellation);
        await kit.Publisher.PublishManyAsync(values, connection, Cancellation);
        Assert.Equal(3L * count, await kit.Database.QueryAsync<long>("select count(*) from pglistener.message"));
    }

    [Theory]
    [InlineData("select pglistener.publish('a', 'x', 'k')")]
    [InlineData("select pglistener.publish('a', i::text, 'k') from generate_series(1, 10) i")]
    [InlineData("insert into pglistener.message (channel, bucket, payload) values ('a', 0, 'x')")]
    [InlineData("insert into pglistener.message (channel, bucket, payload) values ('a', 0, 'x'), ('a', 1, 'y')")]
    [InlineData("insert into pglistener.message (payload, bucket, channel) select 'x', 0, 'a' from generate_series(1, 10)")]
    [InlineData("with m as (insert into pglistener.message (channel, bucket, payload) select 'a', 0, 'x' returning id) select * from m")]
    public async Task So_does_each_statement_in_sql(string sql)
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync(Guard);
        await database.ExecuteAsync(sql);
        Assert.True(await database.QueryAsync<bool>("select bool_and(tx = xmin::text::xid8) from pglistener.message"));
    }

    [Fact]
    public async Task Messages_of_later_transactions_are_above_every_snapshot()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var writers = Enumerable.Range(0, 6).Select(kind => Task.Run(() => WriteAsync(kit, kind, stop.Token), Cancellation)).ToArray();

        var snapshots = new List<(string Snapshot, long Highest)>();
        await using (var connection = await kit.OpenAsync())
        {
            await using var command = new NpgsqlCommand($"select ({CurrentSnapshot.Sql})::text, coalesce(max(id), 0) from pglistener.message", connection);
            while (snapshots.Count < 300)
            {
                await using var reader = await command.ExecuteReaderAsync(Cancellation);
                await reader.ReadAsync(Cancellation);
                snapshots.Add((reader.GetString(0), reader.GetInt64(1)));
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.True(snapshots[^1].Highest > snapshots[0].Highest);

        var values = string.Join(',', snapshots.Select(sample => string.Create(CultureInfo.InvariantCulture, $"('{sample.Snapshot}'::pg_snapshot, {sample.Highest})")));
        Assert.Equal(0L, await kit.Database.QueryAsync<long>(
            $"select count(*) from (values {values}) s (snapshot, highest) join pglistener.message m on m.id <= s.highest and m.tx >= pg_snapshot_xmax(s.snapshot)"));
    }

    private static async Task WriteAsync(PublishingKit kit, int kind, CancellationToken stop)
    {
        await using var connection = await kit.OpenAsync();
        while (!stop.IsCancellationRequested)
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            if (kind % 3 == 0)
                await kit.Publisher.PublishAsync(new Order("a"), transaction, Cancellation);
            else if (kind % 3 == 1)
                await kit.Publisher.PublishManyAsync([new Order("a"), new Order("b"), new Order("c")], transaction, Cancellation);
            else
                await using (var command = new NpgsqlCommand("select pglistener.publish('a', i::text) from generate_series(1, 3) i", connection))
                    await command.ExecuteNonQueryAsync(Cancellation);
            await transaction.CommitAsync(Cancellation);
        }
    }
}
