using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Membership;
using PgListener.Durable.Positions;
using PgListener.Durable.Retention;

namespace PgListener.Durable.Tests.Retention;

/// <summary>A log that has come from another cluster, as far as its table <c>cluster</c> says.</summary>
public class ClusterTests(ServerFixture server)
{
    private readonly FakeLogger _log = new();

    [Fact]
    public async Task A_new_log_has_no_base()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var cluster = await DiscoverAsync(database.DataSource);
        Assert.Equal(0, cluster.Base);
        Assert.Equal(await SystemAsync(database), cluster.System);

        await database.ExecuteAsync("select pglistener.publish('a', '1')");
        Assert.Equal(cluster, await DiscoverAsync(database.DataSource));
        Assert.Equal(1L, await database.QueryAsync<long>("select count(*) from pglistener.cluster"));
        Assert.Empty(_log.Collector.GetSnapshot());
    }

    [Fact]
    public async Task A_log_without_a_note_is_entered_as_it_is()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("select pglistener.publish(c, '1') from unnest('{a,b,c}'::text[]) c");
        Assert.Equal(3, (await DiscoverAsync(database.DataSource)).Base);
        Assert.Empty(_log.Collector.GetSnapshot());
    }

    [Fact]
    public async Task Instances_that_start_at_the_same_time_enter_a_restored_log_once()
    {
        await using var database = await RestoredAsync();
        var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => DiscoverAsync(database.DataSource)));
        Assert.All(found, cluster => Assert.Equal(new(found[0].System, 3), cluster));
        Assert.Equal(2L, await database.QueryAsync<long>("select count(*) from pglistener.cluster"));
        Assert.Contains("2 message(s)", Assert.Single(_log.Collector.GetSnapshot(), line => line.Id.Id == 670).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sequence_that_was_left_behind_is_raised()
    {
        await using var database = await RestoredAsync();
        await database.ExecuteAsync("select setval('pglistener.message_id', 1)");
        await DiscoverAsync(database.DataSource);
        Assert.True(await database.QueryAsync<long>("select pglistener.publish('a', 'new')") > 3);
        Assert.DoesNotContain(_log.Collector.GetSnapshot(), line => line.Id.Id == 671);
    }

    [Fact]
    public async Task The_rights_of_a_reader_are_enough()
    {
        await using var database = await RestoredAsync();
        await using var reader = await ReaderRole.CreateAsync(database);
        Assert.Equal(3, (await DiscoverAsync(reader)).Base);
        Assert.Contains("setval('pglistener.message_id', 3)", Assert.Single(_log.Collector.GetSnapshot(), line => line.Id.Id == 671).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_open_transaction_that_publishes_is_waited_for_and_named()
    {
        await using var database = await RestoredAsync();
        await using var open = await Session.OpenAsync(database.DataSource);
        await open.BeginAsync();
        await open.PublishAsync("open");
        var error = await Assert.ThrowsAsync<ListenerException>(() => DiscoverAsync(database.DataSource));
        Assert.Contains("A transaction that publishes has been open", error.Message, StringComparison.Ordinal);
        await open.CommitAsync();
        Assert.Equal(4, (await DiscoverAsync(database.DataSource)).Base);
    }

    [Fact]
    public async Task A_log_that_comes_back_to_its_first_cluster_is_restored_too()
    {
        // A position that was written in the first stay, with a transaction in progress that was committed there later.
        await using var database = await LogDatabase.CreateAsync(server);
        await DiscoverAsync(database.DataSource);
        await using var late = await Session.OpenAsync(database.DataSource);
        await late.BeginAsync();
        await late.PublishAsync("late");
        await database.ExecuteAsync("select pglistener.publish('a', '1')");
        var seen = await database.QueryAsync<string>($"select {CurrentSnapshot.Sql}::text");
        await database.ExecuteAsync($"insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) values (1, 0, 0, {await SystemAsync(database)}, '{seen}', 2, '')");
        await late.CommitAsync();
        await database.ExecuteAsync("insert into pglistener.cluster (system, base) values (1, 2)"); // It was somewhere else meanwhile.

        var cluster = await DiscoverAsync(database.DataSource);
        Assert.Equal(new(await SystemAsync(database), 2), cluster);
        await database.ExecuteAsync("select pglistener.publish('a', '2')");
        using var held = await HeldPosition.TakeAsync(database.DataSource, new(1, 0), cluster.System, "test", TestContext.Current.CancellationToken);
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var page = await LogReader.ReadAsync(connection, new("a"), held!.Start, cluster.Base, 100, 1_000, TestContext.Current.CancellationToken);
        Assert.Equal(["late", "2"], page.Messages.Select(message => message.Payload));
    }

    [Fact]
    public async Task What_a_restored_position_has_not_handled_keeps_its_day()
    {
        await using var scene = await RetentionScene.CreateAsync(server);
        var old = await scene.MakeDayAsync(daysAgo: 1);
        await scene.SubscribeAsync();
        await scene.PublishAsync(1, "1");
        await scene.PublishAsync(1, "2");
        await scene.Database.ExecuteAsync(
            """
            insert into pglistener.cluster (system, base) values (1, 0);
            update pglistener.position set system = 1, seen = (select (pg_snapshot_xmax(pg_current_snapshot())::text || ':' || pg_snapshot_xmax(pg_current_snapshot())::text || ':')::pg_snapshot), floor = 1
            """);
        var cluster = await DiscoverAsync(scene.Database.DataSource);
        await scene.Keeper.KeepAsync(cluster, TestContext.Current.CancellationToken);
        Assert.Contains(old, await scene.DaysAsync()); // 2 is above the floor.

        await scene.Database.ExecuteAsync("update pglistener.position set floor = 2");
        await scene.Keeper.KeepAsync(cluster, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(old, await scene.DaysAsync());
    }

    private static Task<long> SystemAsync(LogDatabase database) => database.QueryAsync<long>("select system_identifier from pg_control_system()");

    /// <summary>A log with messages and a subscription, whose last cluster was another one. Of the three messages, one was handled there.</summary>
    private async Task<LogDatabase> RestoredAsync()
    {
        var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync(
            """
            insert into pglistener.cluster (system, base) values (1, 0);
            select pglistener.publish('a', i::text) from generate_series(1, 3) i;
            insert into pglistener.subscription (channel, name, shards) values ('a', 'h', 1);
            insert into pglistener.position (subscription, shard, n, system, seen, floor, last_id, upto, holder) values (1, 0, 0, 1, '1:1:', 0, 1, '9000000:9000000:', '')
            """);
        return database;
    }

    private async Task<Cluster> DiscoverAsync(NpgsqlDataSource dataSource)
    {
        await using var connection = await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        return await new ClusterDiscovery(_log).DiscoverAsync(connection, TestContext.Current.CancellationToken);
    }
}
