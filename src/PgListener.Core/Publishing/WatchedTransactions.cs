using System.Data.Common;
using System.Runtime.CompilerServices;

namespace PgListener.Publishing;

/// <summary>Transactions of callers whose commit somebody tells of, such as an interceptor of Entity Framework Core. What must follow the commit need not be done within them.</summary>
internal static class WatchedTransactions
{
    private static readonly ConditionalWeakTable<DbTransaction, List<Action>> Watched = [];

    /// <summary>Promises to call <see cref="Committed"/> if the transaction, which was just begun, is committed.</summary>
    /// <remarks>Npgsql uses the objects of transactions again. What an earlier one has left is forgotten.</remarks>
    public static void Watch(DbTransaction transaction) => Watched.AddOrUpdate(transaction, []);

    /// <summary>Has something done after the commit.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="action">Called once, on the thread that tells; must not fail or block.</param>
    /// <returns>Whether the transaction is watched; if not, the action is never called.</returns>
    public static bool TryAfterCommit(DbTransaction transaction, Action action)
    {
        if (!Watched.TryGetValue(transaction, out var actions))
            return false;

        lock (actions)
            actions.Add(action);
        return true;
    }

    /// <summary>Tells of the commit.</summary>
    public static void Committed(DbTransaction transaction)
    {
        if (!Watched.TryGetValue(transaction, out var actions) || !Watched.Remove(transaction))
            return;

        Action[] due;
        lock (actions)
            due = [.. actions];
        foreach (var action in due)
            action();
    }
}
