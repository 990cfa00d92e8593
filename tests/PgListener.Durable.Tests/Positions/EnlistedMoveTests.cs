using System.Data;
using PgListener.Durable.Log;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Tests.Positions;

/// <summary>Moves in transactions of handlers, at the edges.</summary>
public class EnlistedMoveTests(ServerFixture server)
{
    private static readonly ShardKey Shard = new(1, 0);

    [Theory]
    [InlineData(IsolationLevel.ReadCommitted, true, true)]
    [InlineData(IsolationLevel.RepeatableRead, true, false)]
    [InlineData(IsolationLevel.Serializable, true, false)]
    [InlineData(IsolationLevel.RepeatableRead, false, true)]
    [InlineData(IsolationLevel.Serializable, false, true)]
    public async Task A_snapshot_that_is_older_than_the_position_is_told_from_a_loss(IsolationLevel isolation, bool hasSnapshot, bool succeeds)
    {
        await using var database = await CreateAsync();
        using var held = await TakeAsync(database);
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(isolation, TestContext.Current.CancellationToken);
        if (hasSnapshot)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "select count(*) from pglistener.position";
            await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        }

        await held.MoveAsync(LogPosition.Beginning, [], TestContext.Current.CancellationToken); // Another call's.
        using var turn = await held.EnterAsync(TestContext.Current.CancellationToken);
        var failure = await Record.ExceptionAsync(() => turn.MoveAsync(transaction, LogPosition.Beginning, TestContext.Current.CancellationToken));
        if (succeeds)
        {
            Assert.Null(failure);
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
            Assert.True(await turn.HasMovedAsync(TestContext.Current.CancellationToken));
        }
        else
        {
            Assert.IsType<InvalidOperationException>(failure);
            Assert.Contains("before the transaction's first statement", failure.Message, StringComparison.Ordinal);
            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
            Assert.False(await turn.HasMovedAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_position_that_was_set_back_is_lost_and_not_moved()
    {
        await using var database = await CreateAsync();
        using var held = await TakeAsync(database);
        await held.MoveAsync(LogPosition.Beginning, [], TestContext.Current.CancellationToken);
        using var turn = await held.EnterAsync(TestContext.Current.CancellationToken);
        await database.ExecuteAsync("delete from pglistener.position where n = 2"); // As a crash does with a move that was not on the disk yet.
        await Assert.ThrowsAsync<PositionLostException>(() => turn.HasMovedAsync(TestContext.Current.CancellationToken));
    }

    private async Task<LogDatabase> CreateAsync()
    {
        var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("insert into pglistener.position (subscription, shard, n, system, seen, floor, holder) values (1, 0, 0, 1, '1:1:', 0, 'test')");
        return database;
    }

    private static async Task<HeldPosition> TakeAsync(LogDatabase database)
        => (await HeldPosition.TakeAsync(database.DataSource, Shard, 1, "test", TestContext.Current.CancellationToken))!;
}
