using System.Data.Common;
using PgListener.Durable.Log;

namespace PgListener.Durable.Positions;

/// <summary>The turn of one call of a handler, which moves the position in its own transaction.</summary>
internal sealed class PositionTurn(HeldPosition position) : IDisposable
{
    /// <summary>Moves the position as part of the transaction.</summary>
    /// <exception cref="PositionLostException">Another holder has taken it over.</exception>
    public Task MoveAsync(DbTransaction transaction, LogPosition next, CancellationToken cancellationToken) => position.MoveInAsync(transaction, next, cancellationToken);

    /// <summary>Finds out, after the call, whether its transaction was committed.</summary>
    /// <exception cref="PositionLostException">Another holder has taken the position over.</exception>
    public Task<bool> HasMovedAsync(CancellationToken cancellationToken) => position.HasMovedAsync(cancellationToken);

    public void Dispose() => position.Leave();
}
