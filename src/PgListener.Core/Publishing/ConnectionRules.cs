using System.Data;
using System.Transactions;
using Npgsql;

namespace PgListener.Publishing;

/// <summary>The rules for where a notification can be sent, checked before the server sees anything: a refusal leaves the caller's transaction as it was.</summary>
internal static class ConnectionRules
{
    private const string StandbySetting = "in_hot_standby";

    /// <summary>Finds out whether the caller's connection can notify.</summary>
    public static async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var state = connection.FullState;
        if (state.HasFlag(ConnectionState.Broken))
            throw new InvalidOperationException("The connection is broken, and whatever its transaction did is rolled back. Open a new one, and do the whole again.");
        if (state == ConnectionState.Closed)
            throw new InvalidOperationException("The connection is closed. Open it before publishing on it.");

        ThrowIfDistributed(Transaction.Current);
        await ThrowIfStandbyAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds out whether the caller's transaction still runs.</summary>
    /// <returns>Its connection.</returns>
    public static NpgsqlConnection ConnectionOf(NpgsqlTransaction transaction)
    {
        try
        {
            // The one public member that asks.
            _ = transaction.IsolationLevel;
            if (transaction.Connection is { } connection)
                return connection;
        }
        catch (InvalidOperationException e)
        {
            throw Ended(e);
        }

        throw Ended(cause: null);

        static InvalidOperationException Ended(Exception? cause)
            => new("The transaction is over: it was committed, rolled back or disposed of, or its connection was closed. Publish before it is committed.", cause);
    }

    /// <summary>Refuses an ambient transaction that will be prepared: PostgreSQL does not prepare a transaction that has notified.</summary>
    public static void ThrowIfDistributed(Transaction? ambient)
    {
        if (ambient is not null && ambient.TransactionInformation.DistributedIdentifier != Guid.Empty)
        {
            throw new InvalidOperationException(
                "The ambient transaction is a distributed one, which is committed in two phases. PostgreSQL cannot do that with a transaction that has notified: " +
                "it would fail at its end, and undo everything. Publish after it, or within new TransactionScope(TransactionScopeOption.Suppress, …), where it is sent at once.");
        }
    }

    /// <summary>Refuses a standby, where notifying is not possible.</summary>
    public static async ValueTask ThrowIfStandbyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // The server reports it from version 14 on, and a change of it only with its next answer: so a promotion may be news yet.
        if (!connection.PostgresParameters.TryGetValue(StandbySetting, out var standby) || standby != "on")
            return;

        var command = new NpgsqlCommand("SELECT pg_is_in_recovery()", connection);
        await using (command.ConfigureAwait(false))
        {
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
            {
                throw new InvalidOperationException(
                    $"The server {connection.Host}:{connection.Port} is a standby, on which nothing can be published. Use a connection to the primary: " +
                    "name all hosts in the connection string, with Target Session Attributes=primary.");
            }
        }
    }
}
