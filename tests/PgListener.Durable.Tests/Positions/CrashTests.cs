using PgListener.Durable.Positions;
using PgListener.Durable.Tests.Log;
using PgListener.Testing;

namespace PgListener.Durable.Tests.Positions;

/// <summary>A server that crashes forgets transactions whose commit did not wait for the disk, and gives their numbers to others.</summary>
public class CrashTests
{
    [Fact]
    public async Task A_position_from_before_a_crash_cannot_be_moved_past_what_is_published_after_it()
    {
        // The log is not written but by a checkpoint, so that all since then is lost. Rolled-back transactions are lost like this with any settings.
        var options = new EphemeralPostgresOptions { ServerSettings = { ["autovacuum"] = "off", ["wal_writer_delay"] = "10s", ["synchronous_commit"] = "off" } };
        await using var server = await EphemeralPostgres.LaunchAsync(options, TestContext.Current.CancellationToken);
        await using var database = await LogDatabase.CreateAsync(server.ConnectionString);
        await database.ExecuteAsync("insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) values (1, 0, 0, 1, '1:1:', 0, 'test')");
        using var held = await HeldPosition.TakeAsync(database.DataSource, new(1, 0), 1, "test", TestContext.Current.CancellationToken);
        await database.ExecuteAsync("checkpoint");
        await database.ExecuteAsync("select pg_switch_wal()"); // Whole pages of the log would be written at once.
        await database.ExecuteAsync("do $$ begin for i in 1..20 loop perform pg_current_xact_id(); commit; end loop; end $$");
        var before = new Walk(await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken), new("a"));
        Assert.Empty(await before.ReadWindowAsync());
        await server.KillAsync(TestContext.Current.CancellationToken);
        await server.StartAsync(TestContext.Current.CancellationToken);
        database.DataSource.Clear();
        await database.ExecuteAsync("select pglistener.publish('a', 'new')");
        Assert.True(await database.QueryAsync<bool>($"select pg_visible_in_snapshot(tx, '{before.Position.Seen}') from pglistener.message")); // Otherwise there is nothing to test.

        await Assert.ThrowsAsync<PositionLostException>(() => held!.MoveAsync(before.Position, [], TestContext.Current.CancellationToken));
        using var again = await HeldPosition.TakeAsync(database.DataSource, new(1, 0), 1, "test", TestContext.Current.CancellationToken);
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["new"], await new Walk(connection, new("a")) { Position = again!.Start }.ReadWindowAsync());
        await again.MoveAsync(again.Start, [], TestContext.Current.CancellationToken);
    }
}
