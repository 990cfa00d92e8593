using System.Data;
using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Tests.Positions.Protocol;

/// <summary>One that believes to hold a position, and goes on trying after it was overtaken.</summary>
internal sealed class Holder(NpgsqlConnection connection, string serverRun)
{
    private ShardKey _shard;
    private IsolationLevel _isolation;
    private List<long> _moves = [];
    private NpgsqlTransaction? _transaction;
    private long _n;
    private bool _movesAtCommit;

    /// <summary>The server process of its session.</summary>
    public int Process => connection.ProcessID;

    /// <summary>What it has begun to do, one step after the other.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>How often it was refused, by the way in which it was told.</summary>
    public Dictionary<string, int> Refusals { get; } = new(StringComparer.Ordinal);

    /// <summary>Begins with another position.</summary>
    /// <param name="shard">The position.</param>
    /// <param name="isolation">How its handlers' transactions are isolated.</param>
    /// <param name="moves">Takes down the rows from which a move succeeded.</param>
    public void Begin(ShardKey shard, IsolationLevel isolation, List<long> moves)
    {
        (_shard, _isolation, _moves) = (shard, isolation, moves);
        (_n, _movesAtCommit) = (-1, false);
    }

    /// <summary>Takes a step once the one before is over, which may wait for a lock.</summary>
    public void Take(Step step) => Running = TakeAfterAsync(Running, step);

    private async Task TakeAfterAsync(Task before, Step step)
    {
        await before;
        try
        {
            await TakeAsync(step);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure)
        {
            Refuse(e.SqlState);
            await RollBackAsync();
        }
    }

    private Task TakeAsync(Step step) => step switch
    {
        Step.Read => ReadAsync(),
        Step.Move => MoveAsync(),
        Step.Begin => BeginAsync(),
        Step.MoveInTransaction => MoveInTransactionAsync(),
        Step.Commit => CommitAsync(),
        Step.RollBack => RollBackAsync(),
        _ => PositionCommands.PruneAsync(connection, _shard, _n, TestContext.Current.CancellationToken),
    };

    private async Task ReadAsync() => _n = (await PositionCommands.ReadAsync(connection, _shard, TestContext.Current.CancellationToken))!.N;

    private async Task MoveAsync()
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { PositionCommands.CreateMove(_shard, _n, 1, LogPosition.Beginning, "test", serverRun) } };
        if (await batch.ExecuteNonQueryAsync(TestContext.Current.CancellationToken) == 0)
            Refuse("no row");
        else
            Succeed();
    }

    private async Task BeginAsync()
    {
        _transaction = await connection.BeginTransactionAsync(_isolation, TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("select count(*) from pglistener.position where subscription = 0", connection);
        await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private async Task MoveInTransactionAsync()
    {
        if (await PositionCommands.MoveAsync(_transaction!, _shard, _n, 1, LogPosition.Beginning, "test", serverRun, TestContext.Current.CancellationToken) == 0)
        {
            Refuse("no row");
            await RollBackAsync();
        }
        else
        {
            _movesAtCommit = true;
        }
    }

    private async Task CommitAsync()
    {
        if (_transaction is null)
            return;
        await _transaction.CommitAsync(TestContext.Current.CancellationToken);
        _transaction = null;
        if (_movesAtCommit)
            Succeed();
        _movesAtCommit = false;
    }

    private async Task RollBackAsync()
    {
        _movesAtCommit = false;
        if (_transaction is null)
            return;
        await _transaction.DisposeAsync();
        _transaction = null;
    }

    private void Succeed()
    {
        lock (_moves)
            _moves.Add(_n);
        _n++;
    }

    private void Refuse(string how) => Refusals[how] = Refusals.GetValueOrDefault(how) + 1;
}
