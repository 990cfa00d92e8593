using System.Data.Common;
using System.Runtime.CompilerServices;

namespace PgListener.Publishing;

/// <summary>Transactions of callers whose commit somebody tells of, such as an interceptor of Entity Framework Core. What must follow the commit need not be done within them.</summary>
/// <remarks>Npgsql uses the objects of transactions again. One that was watched may be the next caller's, of whose commit nobody tells.</remarks>
internal static class WatchedTransactions
{
    private static readonly ConditionalWeakTable<DbTransaction, Entry> Watched = [];

    /// <summary>Promises to call <see cref="Committed"/> if the transaction, which was just begun, is committed.</summary>
    /// <param name="transaction">The transaction. What an earlier one with the same object has left is forgotten.</param>
    /// <param name="isCurrent">Whether this transaction is still in progress. Called on any thread; must not fail or block, and should hold no more than it needs.</param>
    public static void Watch(DbTransaction transaction, Func<bool> isCurrent) => Watched.AddOrUpdate(transaction, new(isCurrent, []));

    /// <summary>Has something done after the commit.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="action">Called once, on the thread that tells; must not fail or block.</param>
    /// <returns>Whether the transaction is watched; if not, the action is never called.</returns>
    public static bool TryAfterCommit(DbTransaction transaction, Action action)
    {
        if (!Watched.TryGetValue(transaction, out var entry))
            return false;

        if (!entry.IsCurrent())
        {
            Forget(transaction);
            return false;
        }

        lock (entry.Actions)
            entry.Actions.Add(action);
        return true;
    }

    /// <summary>Tells of the commit.</summary>
    public static void Committed(DbTransaction transaction)
    {
        if (!Watched.TryGetValue(transaction, out var entry) || !Watched.Remove(transaction))
            return;

        Action[] due;
        lock (entry.Actions)
            due = [.. entry.Actions];
        foreach (var action in due)
            action();
    }

    /// <summary>Tells that the transaction is not committed.</summary>
    public static void Forget(DbTransaction transaction) => Watched.Remove(transaction);

    private sealed record Entry(Func<bool> IsCurrent, List<Action> Actions);
}
