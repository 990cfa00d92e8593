using System.Data;
using System.Data.Common;
using System.Transactions;
using Npgsql;

namespace PgListener.Publishing;

/// <summary>The rules for where a notification can be sent. They are checked before anything is sent to the server, so a refusal leaves the caller's transaction as it was.</summary>
internal static class ConnectionRules
{
    private const string StandbySetting = "in_hot_standby";

    /// <summary>Finds out where the caller wants to publish, and whether that is still possible.</summary>
    /// <returns>The connection, which is Npgsql's or wraps it; <see langword="null"/> if the publisher has to open one.</returns>
    public static DbConnection? ConnectionOf(PublishRequest request)
    {
        var connection = request.Transaction is { } transaction ? ConnectionOf(transaction) : request.Connection;
        if (connection is null or NpgsqlConnection)
            return connection;

        // A wrapper, such as a profiler's, passes on the parameters of the underlying commands. Only these identify the provider.
        using var command = connection.CreateCommand();
        if (command.CreateParameter() is NpgsqlParameter)
            return connection;

        object given = request.Transaction is null ? connection : request.Transaction;
        throw new ArgumentException(
            $"{given.GetType()} belongs to another database. Publish on an {nameof(NpgsqlConnection)} or {nameof(NpgsqlTransaction)}, on one that wraps it, or on none, in which case the publisher uses a connection of its own.", nameof(request));
    }

    /// <summary>Refuses a connection of the caller's that is closed or broken.</summary>
    public static void ThrowIfNotOpen(DbConnection connection)
    {
        var state = (connection as NpgsqlConnection)?.FullState ?? connection.State;
        if (state.HasFlag(ConnectionState.Broken))
            throw new InvalidOperationException("The connection is broken, and its transaction is rolled back. Open a new connection, and repeat the whole transaction.");
        if (state == ConnectionState.Closed)
            throw new InvalidOperationException("The connection is closed. Open it before publishing on it.");
    }

    /// <summary>Checks whether the caller's transaction is still active.</summary>
    /// <returns>Its connection.</returns>
    private static DbConnection ConnectionOf(DbTransaction transaction)
    {
        try
        {
            // The only public member that checks this.
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

    /// <summary>Refuses an ambient transaction that will be prepared, because PostgreSQL does not prepare a transaction that has notified.</summary>
    public static void ThrowIfDistributed(Transaction? ambient)
    {
        if (ambient is not null && ambient.TransactionInformation.DistributedIdentifier != Guid.Empty)
        {
            throw new InvalidOperationException(
                "The ambient transaction is a distributed one, which is committed in two phases. PostgreSQL cannot do that with a transaction that has notified: " +
                "it would fail at its end, and undo everything. Publish after it, or within new TransactionScope(TransactionScopeOption.Suppress, …), where it is sent at once.");
        }
    }

    /// <summary>Refuses a standby, where publishing is not possible. Not known of a wrapped connection.</summary>
    public static async ValueTask ThrowIfStandbyAsync(DbConnection caller, CancellationToken cancellationToken)
    {
        // The server reports this from version 14 on, and a change only with its next answer, so a promotion may not be known yet.
        if (caller is not NpgsqlConnection connection || !connection.PostgresParameters.TryGetValue(StandbySetting, out var standby) || standby != "on")
            return;

        var command = new NpgsqlCommand("SELECT pg_catalog.pg_is_in_recovery()", connection);
        await using (command.ConfigureAwait(false))
        {
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true)
            {
                throw new InvalidOperationException(
                    $"The server {connection.Host}:{connection.Port} is a standby, which cannot publish. Use a connection to the primary: " +
                    "name all hosts in the connection string, with Target Session Attributes=primary.");
            }
        }
    }
}
