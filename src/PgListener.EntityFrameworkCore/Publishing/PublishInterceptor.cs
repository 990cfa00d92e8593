using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using PgListener.Publishing;

namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>
/// Sends what a context has published when it saves. If <c>SaveChanges</c> begins a transaction, that is right before its commit, the only moment at which all statements are written and nothing is
/// committed; else it is right after <c>SaveChanges</c>.
/// </summary>
internal sealed class PublishInterceptor(PublishQueue queue) : ISaveChangesInterceptor, IDbTransactionInterceptor, IDbCommandInterceptor
{
    /// <summary>The transaction that was begun since <c>SaveChanges</c> was called last.</summary>
    private Guid? _begun;

    /// <summary>The transaction that <c>SaveChanges</c> has begun.</summary>
    private Guid? _own;

    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        Disown();
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

    /// <summary>Entity Framework Core does not say of such a failure that <c>SaveChanges</c> has failed. If another interceptor suppresses it, the transaction goes on, so it remains the own one.</summary>
    public InterceptionResult ThrowingConcurrencyException(ConcurrencyExceptionEventData eventData, InterceptionResult result)
    {
        queue.Saved();
        return result;
    }

    public ValueTask<InterceptionResult> ThrowingConcurrencyExceptionAsync(ConcurrencyExceptionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(ThrowingConcurrencyException(eventData, result));

    public DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        Watch(result, eventData);

        // What was begun before has failed, if it was not committed.
        _begun = eventData.TransactionId;
        _own = null;
        return result;
    }

    public ValueTask<DbTransaction> TransactionStartedAsync(DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
        => ValueTask.FromResult(TransactionStarted(connection, eventData, result));

    /// <summary>
    /// Only the statements tell that <c>SaveChanges</c> has begun a transaction. It may fail before, without a word: in another interceptor, or when it detects changes. The next transaction is
    /// that of the application then.
    /// </summary>
    public InterceptionResult<DbCommand> CommandCreating(CommandCorrelatedEventData eventData, InterceptionResult<DbCommand> result)
    {
        if (eventData.CommandSource == CommandSource.SaveChanges)
            _own = _begun;
        return result;
    }

    public InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        if (eventData.TransactionId == _own)
            Blocking.Run(() => queue.SendAsync(transaction, eventData.TransactionId, CancellationToken.None));
        return result;
    }

    public async ValueTask<InterceptionResult> TransactionCommittingAsync(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (eventData.TransactionId == _own)
            await queue.SendAsync(transaction, eventData.TransactionId, cancellationToken).ConfigureAwait(false);
        return result;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData)
    {
        Disown();
        queue.Committed(eventData.TransactionId);
        WatchedTransactions.Committed(transaction);
    }

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        TransactionCommitted(transaction, eventData);
        return Task.CompletedTask;
    }

    public void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => WatchedTransactions.Forget(transaction);

    public Task TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default) => Forgotten(transaction);

    public void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData) => WatchedTransactions.Forget(transaction);

    public Task TransactionFailedAsync(DbTransaction transaction, TransactionErrorEventData eventData, CancellationToken cancellationToken = default) => Forgotten(transaction);

    /// <summary>Promises to tell of the commit. Of a transaction that is only disposed of, Entity Framework Core says nothing, so whether it is in progress is asked of the context's connection.</summary>
    private static void Watch(DbTransaction transaction, TransactionEndEventData eventData)
    {
        if (eventData.Context is not { } context)
            return;

        // What is watched may live as long as a pooled connection, and the context must not.
        var id = eventData.TransactionId;
        var manager = new WeakReference<IDbContextTransactionManager>(context.GetService<IDbContextTransactionManager>());
        WatchedTransactions.Watch(transaction, () => manager.TryGetTarget(out var transactions) && transactions.CurrentTransaction?.TransactionId == id);
    }

    private static Task Forgotten(DbTransaction transaction)
    {
        WatchedTransactions.Forget(transaction);
        return Task.CompletedTask;
    }

    private void End()
    {
        Disown();
        queue.Saved();
    }

    private void Disown()
    {
        _begun = null;
        _own = null;
    }

    private Task Ended()
    {
        End();
        return Task.CompletedTask;
    }
}
