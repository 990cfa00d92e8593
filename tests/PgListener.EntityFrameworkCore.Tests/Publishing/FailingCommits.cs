using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>Fails the first commits, as a server that fails over does: nothing is committed, and another attempt may succeed.</summary>
internal sealed class FailingCommits(int count = 1) : DbTransactionInterceptor
{
    private int _left = count;

    public override InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
        => Interlocked.Decrement(ref _left) >= 0 ? throw new TimeoutException("Injected.") : result;

    public override ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(TransactionCommitting(transaction, eventData, result));
}
