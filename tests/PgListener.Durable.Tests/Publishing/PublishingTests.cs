using System.Transactions;
using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Publishing;

namespace PgListener.Durable.Tests.Publishing;

/// <summary>A message is written with the caller's transaction, or with one of its own.</summary>
public sealed class PublishingTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_transaction_it_is_committed_at_once()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await kit.Publisher.PublishAsync(new Order("own connection", "k"), Cancellation);
        await using var connection = await kit.OpenAsync();
        await kit.Publisher.PublishAsync(new Order("caller's connection"), connection, Cancellation);

        var rows = await kit.RowsAsync();
        Assert.Equal(("orders", "k", Shard.BucketOf("k"), "own connection", null), (rows[0].Channel, rows[0].Key, rows[0].Shard, rows[0].Payload, rows[0].Headers));
        Assert.Equal((null, "caller's connection"), (rows[1].Key, rows[1].Payload));
        Assert.InRange(rows[1].Shard, 0, 255);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_shares_the_fate_of_the_callers_transaction_and_savepoint(bool wrapped)
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await using var npgsql = await kit.OpenAsync();
        await using var connection = wrapped ? new WrappedConnection(npgsql) : (System.Data.Common.DbConnection)npgsql;
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await kit.Publisher.PublishAsync(new Order("rolled back"), transaction, Cancellation);
            await transaction.RollbackAsync(Cancellation);
        }

        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await kit.Publisher.PublishAsync(new Order("before"), transaction, Cancellation);
            await transaction.SaveAsync("s", Cancellation);
            await kit.Publisher.PublishManyAsync([new Order("rolled"), new Order("back")], connection, Cancellation);
            await transaction.RollbackAsync("s", Cancellation);
            await kit.Publisher.PublishAsync(new Order("after"), transaction, Cancellation);
            Assert.Empty(await kit.PayloadsAsync());
            await transaction.CommitAsync(Cancellation);
            var late = await Assert.ThrowsAsync<InvalidOperationException>(() => kit.Publisher.PublishAsync(new Order("late"), transaction, Cancellation));
            Assert.StartsWith("The transaction is over", late.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["before", "after"], await kit.PayloadsAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_is_part_of_an_ambient_transaction(bool complete)
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await kit.Publisher.PublishAsync(new Order("a"), Cancellation);
            if (complete)
                scope.Complete();
        }

        Assert.Equal(complete ? ["a"] : [], await kit.PayloadsAsync());
        Assert.Equal(complete ? ["orders"] : [], kit.WakeUps.Channels);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1_000)]
    [InlineData(InsertCommand.MaxRows + 1)]
    public async Task Many_values_are_in_their_order_and_all_or_none(int count)
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        var values = Enumerable.Range(0, count).Select(i => new Order($"{i}", $"{i % 7}")).ToArray();
        await kit.Publisher.PublishManyAsync(values, Cancellation);
        await using (var connection = await kit.OpenAsync())
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await kit.Publisher.PublishManyAsync(values, transaction, Cancellation);
            await transaction.RollbackAsync(Cancellation);
            await kit.Publisher.PublishManyAsync(values, connection, Cancellation);
        }

        Assert.Equal(values.Concat(values).Select(value => value.Text), await kit.PayloadsAsync());

        // A failure at the end leaves nothing of the beginning.
        await kit.Database.ExecuteAsync("""
            truncate pglistener.message;
            create function fail() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
            create trigger refuse before insert on pglistener.message for each row when (new.key = 'last') execute function fail();
            """);
        await Assert.ThrowsAsync<PostgresException>(() => kit.Publisher.PublishManyAsync([.. values[..^1], new Order("x", "last")], Cancellation));
        Assert.Empty(await kit.PayloadsAsync());
    }

    [Fact]
    public async Task More_values_than_a_statement_takes_need_a_transaction_on_a_connection_without_batches()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        var values = Enumerable.Range(0, InsertCommand.MaxRows + 1).Select(i => new Order($"{i}")).ToArray();
        await using var connection = new WrappedConnection(await kit.OpenAsync());
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => kit.Publisher.PublishManyAsync(values, connection, Cancellation));
        Assert.Contains("Publish them in a transaction", error.Message, StringComparison.Ordinal);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await kit.Publisher.PublishManyAsync(values, transaction, Cancellation);
        await transaction.CommitAsync(Cancellation);
        Assert.Equal(values.Select(value => value.Text), await kit.PayloadsAsync());
    }

    [Fact]
    public async Task The_channel_has_the_name_that_the_listener_gives_it()
    {
        var options = new NotificationPublisherOptions { ChannelPrefix = "test_" };
        options.MapChannel<Order>("purchases");
        await using var kit = await PublishingKit.CreateAsync(server, options);
        await kit.Publisher.PublishAsync(new Order("a"), Cancellation);
        Assert.Equal("test_purchases", Assert.Single(await kit.RowsAsync()).Channel);
        Assert.Equal(["test_purchases"], kit.WakeUps.Channels);
    }

    [Fact]
    public async Task What_is_not_durable_is_a_notification()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await using var ear = await Ear.OpenAsync(kit.Database, "plain");
        await kit.Publisher.PublishAsync("plain", "text", Cancellation);
        Assert.Equal("text", await ear.NextAsync());
        Assert.Empty(await kit.PayloadsAsync());
    }

    [Fact]
    public async Task Nothing_is_sent_on_a_connection_that_is_closed_or_by_a_publisher_that_was_disposed_of()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await using var connection = kit.Database.DataSource.CreateConnection();
        var closed = await Assert.ThrowsAsync<InvalidOperationException>(() => kit.Publisher.PublishAsync(new Order("a"), connection, Cancellation));
        Assert.StartsWith("The connection is closed", closed.Message, StringComparison.Ordinal);
        await kit.Publisher.PublishManyAsync(Array.Empty<Order>(), connection, Cancellation);

        await kit.Publisher.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => kit.Publisher.PublishAsync(new Order("a"), Cancellation));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => kit.Publisher.PublishAsync("plain", "text", Cancellation));
    }

    [Fact]
    public async Task A_missing_schema_is_named_with_its_remedy()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await kit.Database.ExecuteAsync("drop schema pglistener cascade");
        var error = await Assert.ThrowsAsync<NpgsqlException>(() => kit.Publisher.PublishAsync(new Order("a"), Cancellation));
        Assert.StartsWith("The schema 'pglistener' of durable channels does not exist in the database. Run the script DurableSchema.Script", error.Message, StringComparison.Ordinal);
        Assert.Equal(PostgresErrorCodes.UndefinedTable, Assert.IsType<PostgresException>(error.InnerException).SqlState);
    }

    [Fact]
    public async Task A_data_source_without_optional_types_will_do()
    {
        await using var kit = await PublishingKit.CreateAsync(server, new() { PropagateTraceContext = true }, dataSource: text => new NpgsqlSlimDataSourceBuilder(text).Build());
        using var activity = new System.Diagnostics.Activity("test").Start();
        await kit.Publisher.PublishManyAsync([new Order("a", "k"), new Order("b")], Cancellation);
        Assert.Equal(["a", "b"], await kit.PayloadsAsync());
        Assert.All(await kit.RowsAsync(), row => Assert.NotNull(row.Headers));
    }
}
