using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Positions;
using PgListener.Durable.Publishing;
using PgListener.Durable.Schema;
using PgListener.Durable.Tests.Publishing;

namespace PgListener.Durable.Tests.Schema;

/// <summary>What roles with the documented rights, and no others, can do.</summary>
public sealed class RightsTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_publisher_can_publish_in_every_way_and_nothing_else()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var role = await OpenRoleAsync(database, "publisher");
        var wakeUps = new RecordedWakeUps();
        await using var publisher = DurablePublisher.Create(new NotificationPublisher(role), role, new(), wakeUps);
        await using var ear = await Ear.OpenAsync(database);

        await publisher.PublishAsync(new Order("own"), Cancellation);
        Assert.Equal("", await ear.NextAsync());
        await using (var connection = await role.OpenConnectionAsync(Cancellation))
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await publisher.PublishManyAsync([new Order("in"), new Order("transaction", "k")], transaction, Cancellation);
            await transaction.CommitAsync(Cancellation);
        }

        await ExecuteAsync(role, "select pglistener.publish('orders', 'sql', 'k')");
        Assert.Equal(4L, await database.QueryAsync<long>("select count(*) from pglistener.message"));

        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(role, "select payload from pglistener.message"));
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(role, "insert into pglistener.message (id, channel, bucket, payload) values (0, 'a', 0, '')"));
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(role, "delete from pglistener.message"));
        Assert.Contains("cannot read durable channels", await SchemaTests.ProblemAsync(role), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_can_read_move_lock_and_keep_the_log_but_not_publish()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("select pglistener.publish('orders', i::text) from generate_series(1, 3) i");
        await using var role = await OpenRoleAsync(database, "reader");
        Assert.Null(await SchemaTests.ProblemAsync(role));

        var system = await QueryAsync<long>(role, "select system_identifier from pg_control_system()");
        await ExecuteAsync(role, $"begin; lock table pglistener.message in share mode; insert into pglistener.cluster (system, base) select {system}, coalesce(max(id), 0) from pglistener.message; commit");
        var subscription = await QueryAsync<int>(role, "insert into pglistener.subscription (channel, name, shards) values ('orders', 'H', 1) returning id");
        await ExecuteAsync(role, $"insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) values ({subscription}, 0, 0, {system}, '1:1:', 0, '')");
        await ExecuteAsync(role, "select pg_try_advisory_lock(1), pg_advisory_unlock(1), count(*) from pg_locks");
        await ExecuteAsync(role, $"update pglistener.subscription set seen_at = now(), paused_at = null where id = {subscription}");

        using (var position = await HeldPosition.TakeAsync(role, new(subscription, 0), system, "test", Cancellation))
        await using (var connection = await role.OpenConnectionAsync(Cancellation))
        {
            var page = await LogReader.ReadAsync(connection, new("orders"), position!.Start, clusterBase: 0, limit: 10, maxBytes: 1_000, Cancellation);
            Assert.Equal(["1", "2", "3"], page.Messages.Select(message => message.Payload));
            await position.MoveAsync(page.After(position.Start), [], Cancellation);
            await position.PruneAsync(Cancellation);
        }

        Assert.Equal(1L, await QueryAsync<long>(role, "select count(*) from pglistener.position"));
        await ExecuteAsync(role, $"""
            insert into pglistener.retry (subscription, message, bucket, payload, published_at, attempts, next_at) values ({subscription}, 1, 0, '', now(), 1, now());
            update pglistener.retry set attempts = 2;
            delete from pglistener.retry;
            insert into pglistener.loss (subscription, shard, since, until, messages) values ({subscription}, 0, now(), now(), 1);
            delete from pglistener.loss;
            delete from pglistener.message where id <= 2;
            delete from pglistener.position;
            delete from pglistener.subscription;
            """);

        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(role, "select pglistener.publish('orders', 'x')"));
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(role, "create table pglistener.mine ()"));
        await using var publisher = DurablePublisher.Create(new NotificationPublisher(role), role, new(), new RecordedWakeUps());
        var error = await Assert.ThrowsAsync<NpgsqlException>(() => publisher.PublishAsync(new Order("x"), Cancellation));
        Assert.StartsWith("The role has no right to publish on durable channels: permission denied", error.Message, StringComparison.Ordinal);
        Assert.Contains("publisher-rights.sql", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_without_rights_is_told_which_it_lacks()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var role = await OpenRoleAsync(database, rights: null);
        var name = new NpgsqlConnectionStringBuilder(role.ConnectionString).Username;
        var problem = await SchemaTests.ProblemAsync(role);
        Assert.StartsWith($"The role '{name}' cannot read durable channels in the database ", problem, StringComparison.Ordinal);
        Assert.Contains("it lacks USAGE on the schema, INSERT on cluster, SELECT on cluster, DELETE on loss", problem, StringComparison.Ordinal);
        Assert.Contains("reader-rights.sql", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_may_not_change_the_schema_starts_with_one_that_is_there()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await using var role = await OpenRoleAsync(database, "reader");
        await DurableSchema.CreateAsync(role, Cancellation);
    }

    private static async Task<NpgsqlDataSource> OpenRoleAsync(LogDatabase database, string? rights)
    {
        var name = $"role_{Guid.NewGuid():n}";
        await database.ExecuteAsync($"create role {name} login password 'secret'");
        if (rights is not null)
            await database.ExecuteAsync(SchemaFiles.Read($"{rights}-rights.sql").Replace($"pglistener_{rights}", name, StringComparison.Ordinal));
        return NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = name, Password = "secret" });
    }

    private static async Task ExecuteAsync(NpgsqlDataSource dataSource, string sql)
    {
        await using var command = dataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static async Task<T> QueryAsync<T>(NpgsqlDataSource dataSource, string sql)
    {
        await using var command = dataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}
