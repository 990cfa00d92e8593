using System.Data.Common;
using Npgsql;
using PgListener.Durable.Log;

namespace PgListener.Durable.Positions;

/// <summary>The turn of one that moves the position: until it is disposed of, nobody else of this process does.</summary>
internal sealed class PositionTurn(HeldPosition position) : IDisposable
{
    /// <summary>Moves the position in a transaction of its own, with further statements.</summary>
    /// <exception cref="PositionLostException">Another holder has taken it over.</exception>
    public Task MoveAsync(LogPosition next, IReadOnlyList<NpgsqlBatchCommand> others, CancellationToken cancellationToken) => position.MoveInTurnAsync(next, others, cancellationToken);

    /// <summary>Moves the position as part of the transaction.</summary>
    /// <exception cref="PositionLostException">Another holder has taken it over.</exception>
    public Task MoveAsync(DbTransaction transaction, LogPosition next, CancellationToken cancellationToken) => position.MoveInAsync(transaction, next, cancellationToken);

    /// <summary>Finds out, after the call, whether its transaction was committed.</summary>
    /// <exception cref="PositionLostException">Another holder has taken the position over.</exception>
    public Task<bool> HasMovedAsync(CancellationToken cancellationToken) => position.HasMovedAsync(cancellationToken);

    public void Dispose() => position.Leave();
}
