using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>Has <c>SaveChanges</c> begin a transaction even for a single statement, which needs none without notifications.</summary>
internal sealed class ForcedTransactions(DatabaseFacade database)
{
    private AutoTransactionBehavior _chosen = database.AutoTransactionBehavior;

    /// <summary>Applies it, also if the setting was changed meanwhile.</summary>
    public void Apply()
    {
        if (database.AutoTransactionBehavior == AutoTransactionBehavior.Always)
            return;

        _chosen = database.AutoTransactionBehavior;
        database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }

    public void Undo() => database.AutoTransactionBehavior = _chosen;
}
