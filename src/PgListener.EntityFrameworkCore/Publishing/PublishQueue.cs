using System.Data.Common;
using System.Transactions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;
using PgListener.EntityFrameworkCore.Registration;
using PgListener.EntityFrameworkCore.Telemetry;

namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>What a context has published, until it is saved. Exists once for each context, and is as little thread-safe.</summary>
internal sealed class PublishQueue(ICurrentDbContext current, IDbContextOptions options, ILoggerFactory loggers) : IResettableService, IDisposable
{
    private readonly List<QueuedValue> _values = [];
    private ForcedTransactions? _forced;
    private int _unsaved;

    /// <summary>Adds a value.</summary>
    /// <exception cref="InvalidOperationException">The context cannot publish.</exception>
    public void Add(QueuedValue value)
    {
        if (current.Context.Database.ProviderName is var provider && provider != PgListenerOptionsExtension.Provider)
            throw new InvalidOperationException($"{current.Context.GetType()} cannot publish, because its provider is {provider}. Notifications are part of a transaction of PostgreSQL: use {PgListenerOptionsExtension.Provider}, with options.UseNpgsql(…).");
        _ = Publisher;
        _values.Add(value);
        _unsaved++;
        ForceTransaction();
    }

    /// <summary>Has <c>SaveChanges</c> begin a transaction if values wait.</summary>
    public void ForceTransaction()
    {
        if (_values.Count > 0)
            (_forced ??= new(current.Context.Database)).Apply();
    }

    /// <summary>Notes that <c>SaveChanges</c> was called, whatever its result.</summary>
    public void Saved() => _unsaved = 0;

    /// <summary>Sends what waits in a transaction.</summary>
    public Task SendAsync(DbTransaction transaction, Guid id, CancellationToken cancellationToken)
        => SendAsync(id, batch => batch.SendAsync(Publisher, transaction, cancellationToken));

    /// <summary>Forgets what was sent in a transaction, which is committed.</summary>
    /// <param name="transaction">The identifier of a transaction of the context, or an ambient <see cref="Transaction"/>.</param>
    public void Committed(object transaction) => Forget(value => transaction.Equals(value.SentIn));

    /// <summary>Sends what waits after a <c>SaveChanges</c> that has not begun a transaction: because one is in progress, or there were no changes.</summary>
    public async Task SendAfterSaveAsync(CancellationToken cancellationToken)
    {
        if (_values.Count == 0)
            return;

        var database = current.Context.Database;
        if (database.CurrentTransaction is { } transaction)
        {
            await SendAsync(transaction.GetDbTransaction(), transaction.TransactionId, cancellationToken).ConfigureAwait(false);

            // If the changes are not accepted, they will be saved again if the transaction fails.
            if (!HasChanges())
                Committed(transaction.TransactionId);
        }
        else if ((database.GetEnlistedTransaction() ?? Transaction.Current) is { } ambient)
        {
            await SendInAmbientTransactionAsync(database, ambient, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await database.CreateExecutionStrategy().ExecuteAsync(token => SendAloneAsync(database, token), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _unsaved = 0;
        Forget(static _ => true);
    }

    /// <summary>Makes the queue ready for the next user of a pooled context.</summary>
    public void ResetState()
    {
        if (_unsaved > 0)
            loggers.CreateLogger("PgListener").PublishedButNotSaved(_unsaved, current.Context.GetType());
        Clear();
    }

    public Task ResetStateAsync(CancellationToken cancellationToken = default)
    {
        ResetState();
        return Task.CompletedTask;
    }

    public void Dispose() => ResetState();

    private INotificationPublisher Publisher => options.FindExtension<PgListenerOptionsExtension>()!.PublisherFor(options);

    /// <summary>Sends what has not been sent in a transaction yet. What was sent in another one was not committed.</summary>
    private async Task SendAsync(object transaction, Func<ChannelBatch, Task> send)
    {
        var due = _values.FindAll(value => !transaction.Equals(value.SentIn));

        // Shown until everything is sent, because a value that refers to entities is formatted only then.
        using var generated = due.Exists(static value => value.IsLate) ? GeneratedValues.Show(current.Context) : null;
        var batches = new List<ChannelBatch>();
        foreach (var value in due)
            value.AddTo(batches);
        foreach (var batch in batches)
            await send(batch).ConfigureAwait(false);
        due.ForEach(value => value.SentIn = transaction);
    }

    private async Task SendInAmbientTransactionAsync(DatabaseFacade database, Transaction transaction, CancellationToken cancellationToken)
    {
        await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await SendAsync(transaction, batch => batch.SendAsync(Publisher, database.GetDbConnection(), cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            await database.CloseConnectionAsync().ConfigureAwait(false);
        }

        if (!HasChanges())
        {
            Committed(transaction);
            return;
        }

        // As in a transaction of the context: changes that are not accepted are saved again if the transaction fails.
        transaction.TransactionCompleted += (_, e) =>
        {
            if (e.Transaction?.TransactionInformation.Status == TransactionStatus.Committed)
                Committed(transaction);
        };
    }

    private async Task SendAloneAsync(DatabaseFacade database, CancellationToken cancellationToken)
    {
        var transaction = await database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await SendAsync(transaction.GetDbTransaction(), transaction.TransactionId, cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether there are changes left after a <c>SaveChanges</c>, which then has not accepted them.</summary>
    private bool HasChanges()
    {
        var tracker = current.Context.ChangeTracker;
        var detects = tracker.AutoDetectChangesEnabled;
        tracker.AutoDetectChangesEnabled = false;
        try
        {
            return tracker.HasChanges();
        }
        finally
        {
            tracker.AutoDetectChangesEnabled = detects;
        }
    }

    private void Forget(Predicate<QueuedValue> which)
    {
        _values.RemoveAll(which);
        if (_values.Count > 0)
            return;

        _forced?.Undo();
        _forced = null;
    }
}
