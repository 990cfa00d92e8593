using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using PgListener.Publishing;

namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>
/// Sends what a context has published when it saves. If <c>SaveChanges</c> begins a transaction, that is right before its commit, the only moment at which all statements are written and nothing is
/// committed; else it is right after <c>SaveChanges</c>.
/// </summary>
internal sealed class PublishInterceptor(PublishQueue queue) : ISaveChangesInterceptor, IDbTransactionInterceptor
{
    private bool _isSaving;

    /// <summary>The transaction that <c>SaveChanges</c> has begun.</summary>
    private DbTransaction? _own;

    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        _isSaving = true;
        _own = null;
        queue.ForceTransaction();
        return result;
    }

    public ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(SavingChanges(eventData, result));

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        End();
        Blocking.Run(() => queue.SendAfterSaveAsync(CancellationToken.None));
        return result;
    }

    public async ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        End();
        await queue.SendAfterSaveAsync(cancellationToken).ConfigureAwait(false);
        return result;
    }

    public void SaveChangesFailed(DbContextErrorEventData eventData) => End();

    public Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default) => Ended();

    public void SaveChangesCanceled(DbContextEventData eventData) => End();

    public Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken = default) => Ended();

    /// <summary>Entity Framework Core does not say of such a failure that <c>SaveChanges</c> has failed. If another interceptor suppresses it, the transaction goes on.</summary>
    public InterceptionResult ThrowingConcurrencyException(ConcurrencyExceptionEventData eventData, InterceptionResult result)
    {
        End();
        return result;
    }

    public ValueTask<InterceptionResult> ThrowingConcurrencyExceptionAsync(ConcurrencyExceptionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(ThrowingConcurrencyException(eventData, result));

    public DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        WatchedTransactions.Watch(result);

        // Npgsql uses the objects of transactions again, so this also forgets one that has failed.
        _own = _isSaving ? result : null;
        return result;
    }

    public ValueTask<DbTransaction> TransactionStartedAsync(DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(TransactionStarted(connection, eventData, result));

    public InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        if (ReferenceEquals(transaction, _own))
            Blocking.Run(() => queue.SendAsync(transaction, eventData.TransactionId, CancellationToken.None));
        return result;
    }

    public async ValueTask<InterceptionResult> TransactionCommittingAsync(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (ReferenceEquals(transaction, _own))
            await queue.SendAsync(transaction, eventData.TransactionId, cancellationToken).ConfigureAwait(false);
        return result;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData)
    {
        queue.Committed(eventData.TransactionId);
        WatchedTransactions.Committed(transaction);
    }

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        TransactionCommitted(transaction, eventData);
        return Task.CompletedTask;
    }

    private void End()
    {
        _isSaving = false;
        queue.Saved();
    }

    private Task Ended()
    {
        End();
        return Task.CompletedTask;
    }
}
