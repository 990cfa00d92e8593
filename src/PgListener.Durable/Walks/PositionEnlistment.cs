using System.Data.Common;
using PgListener.Durable.Log;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Walks;

/// <summary>Moves the position of a shard in the handler's transaction.</summary>
internal sealed class PositionEnlistment(HeldPosition held, Progress progress, Delivery delivery) : IEnlistment
{
    private PositionTurn? _turn;
    private LogPosition? _next;

    public bool IsUsed => _turn is not null;

    public async Task EnlistAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        // The turn lasts to the end of the call, because only then it is known whether the transaction was committed.
        _turn ??= await held.EnterAsync(cancellationToken).ConfigureAwait(false);
        _next = progress.CollectWith(delivery);
        await _turn.MoveAsync(transaction, _next, cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> EndAsync(CancellationToken cancellationToken)
    {
        using var turn = _turn!;
        if (_next is null || !await turn.HasMovedAsync(cancellationToken).ConfigureAwait(false))
            return false;

        progress.Complete(delivery);
        progress.Written(_next, []);
        return true;
    }
}
