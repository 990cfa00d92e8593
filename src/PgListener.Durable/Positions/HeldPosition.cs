using System.Data;
using System.Data.Common;
using Npgsql;
using PgListener.Durable.Log;

namespace PgListener.Durable.Positions;

/// <summary>The position of a shard that this process holds. Its moves run one after the other, those in transactions of handlers too.</summary>
/// <remarks>Holding is a matter of a lock on another session, which may have ended without anybody noticing. So each move proves it: after one of another holder, all of ours fail.</remarks>
internal sealed class HeldPosition : IDisposable
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly long _system;
    private readonly string _holder;
    private readonly string _serverRun;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _n;

    private HeldPosition(NpgsqlDataSource dataSource, ShardKey shard, long system, string holder, string serverRun, PositionRow row)
    {
        _dataSource = dataSource;
        Shard = shard;
        _system = system;
        _holder = holder;
        _serverRun = serverRun;
        _n = row.N;
        Start = row.Position;
    }

    /// <summary>Whose position it is.</summary>
    public ShardKey Shard { get; }

    /// <summary>Where it was when it was taken over.</summary>
    public LogPosition Start { get; }

    /// <summary>How many moves were written.</summary>
    public long Moves { get; private set; }

    /// <summary>Takes a position over, after its lock was obtained. From then on, the moves of the holder before fail.</summary>
    /// <param name="dataSource">Where connections come from.</param>
    /// <param name="shard">Whose position it is.</param>
    /// <param name="system">The cluster.</param>
    /// <param name="holder">This process and session, to be shown to people.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns><see langword="null"/> if the subscription no longer exists.</returns>
    public static async Task<HeldPosition?> TakeAsync(NpgsqlDataSource dataSource, ShardKey shard, long system, string holder, CancellationToken cancellationToken)
    {
        // The holder before may still be writing; then there is a newer row to continue from.
        while (await ReadAsync(dataSource, shard, cancellationToken).ConfigureAwait(false) is { } found)
        {
            var (row, serverRun) = found;
            var held = new HeldPosition(dataSource, shard, system, holder, serverRun, row with { Position = InCluster(row, system) });
            try
            {
                await held.MoveAsync(held.Start, [], cancellationToken).ConfigureAwait(false);
                return held;
            }
            catch (PositionLostException)
            {
                held.Dispose();
            }
        }

        return null;
    }

    /// <summary>Moves the position, and runs further statements in the same transaction.</summary>
    /// <param name="next">The new position.</param>
    /// <param name="others">What else belongs to the move.</param>
    /// <param name="cancellationToken">Cancels it. Then it is unknown whether it was moved, and the position must be taken again.</param>
    /// <exception cref="PositionLostException">Another holder has taken it over, or the server has crashed since it was taken: take it again.</exception>
    public async Task MoveAsync(LogPosition next, IReadOnlyList<NpgsqlBatchCommand> others, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await MoveInTurnAsync(next, others, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits for the turn of a handler that moves the position in its own transaction. Dispose of the turn when the call is over.</summary>
    public async Task<PositionTurn> EnterAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new(this);
    }

    /// <summary>Removes the rows that are no longer in force.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        var connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            await PositionCommands.PruneAsync(connection, Shard, _n, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Moves the position in a transaction of the caller's, in its turn.</summary>
    internal async Task MoveInAsync(DbTransaction transaction, LogPosition next, CancellationToken cancellationToken)
    {
        try
        {
            if (await PositionCommands.MoveAsync(transaction, Shard, _n, _system, next, _holder, _serverRun, cancellationToken).ConfigureAwait(false) > 0)
                return;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new PositionLostException(Shard, e);
        }

        // A transaction that keeps one snapshot does not see the row, if that is newer.
        if (transaction.IsolationLevel is IsolationLevel.RepeatableRead or IsolationLevel.Serializable or IsolationLevel.Snapshot && !await HasMovedAsync(cancellationToken).ConfigureAwait(false))
            throw new InvalidOperationException($"The transaction's snapshot is older than the position of shard {Shard.Shard} of the subscription {Shard.Subscription}. With the isolation level {transaction.IsolationLevel}, enlist before the transaction's first statement.");
        throw new PositionLostException(Shard);
    }

    /// <summary>Finds out whether the transaction of the turn was committed.</summary>
    internal async Task<bool> HasMovedAsync(CancellationToken cancellationToken)
    {
        var connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var row = await PositionCommands.ReadAsync(connection, Shard, cancellationToken).ConfigureAwait(false);
            if (row is null || row.N < _n || row.N > _n + 1 || (row.N > _n && row.Holder != _holder))
                throw new PositionLostException(Shard);
            if (row.N == _n)
                return false;

            _n = row.N;
            Moves++;
            return true;
        }
    }

    internal void Leave() => _turn.Release();

    private static async Task<(PositionRow Row, string ServerRun)?> ReadAsync(NpgsqlDataSource dataSource, ShardKey shard, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // Before anything else is read, so that all that is read belongs to it.
            var serverRun = await PositionCommands.ReadServerRunAsync(connection, cancellationToken).ConfigureAwait(false);
            return await PositionCommands.ReadAsync(connection, shard, cancellationToken).ConfigureAwait(false) is { } row ? (row, serverRun) : null;
        }
    }

    /// <summary>A position of another cluster begins again, without what was handled there.</summary>
    internal static LogPosition InCluster(PositionRow row, long system)
    {
        var (position, restored) = (row.Position, row.Position.Restored);
        return row.System == system
            ? position
            : LogPosition.Beginning with { Restored = restored ?? new(position.Seen, position.Floor, position.Upto, position.LastId, position.Done) };
    }

    internal async Task MoveInTurnAsync(LogPosition next, IReadOnlyList<NpgsqlBatchCommand> others, CancellationToken cancellationToken)
    {
        var connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await MoveOnAsync(connection, next, cancellationToken).ConfigureAwait(false);
                if (others.Count > 0)
                    await ExecuteAsync(connection, others, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        _n++;
        Moves++;
    }

    private async Task MoveOnAsync(NpgsqlConnection connection, LogPosition next, CancellationToken cancellationToken)
    {
        // The commit need not wait for the disk: if the server loses it, the messages are delivered again.
        var move = PositionCommands.CreateMove(Shard, _n, _system, next, _holder, _serverRun);
        try
        {
            await ExecuteAsync(connection, [new("SET LOCAL synchronous_commit = off"), move], cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new PositionLostException(Shard, e);
        }

        if (move.RecordsAffected == 0)
            throw new PositionLostException(Shard);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, IReadOnlyList<NpgsqlBatchCommand> commands, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            foreach (var command in commands)
                batch.BatchCommands.Add(command);
            await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
