using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Retention;

/// <summary>Finds out which cluster this is, and notes it where the log has come from another one.</summary>
internal sealed class ClusterDiscovery(ILogger logger) : IClusterDiscovery
{
    /// <summary>How long to wait for the transactions that publish at that moment, in milliseconds. Others that publish wait too.</summary>
    private const int LockLimit = 2_000;

    // The row that counts is the last one: a log may come back to a cluster that it has lived in before.
    private const string Find = """
        SELECT c.system_identifier, last.system, last.base
        FROM pg_catalog.pg_control_system() c
        LEFT JOIN (SELECT system, base FROM pglistener.cluster ORDER BY n DESC LIMIT 1) last ON true
        """;

    // Keeps off publishers and other instances that do the same. What is committed by then was written before, and all of it is visible.
    private static readonly string Lock = $"SET LOCAL lock_timeout = {LockLimit}; LOCK TABLE pglistener.message IN SHARE ROW EXCLUSIVE MODE";

    // What positions say of an earlier stay in this cluster means nothing any more; 0 is the cluster of none.
    private static readonly string Enter = $"""
        WITH RECURSIVE {Unpassed.Channels("pglistener.message")}, positions AS (
            UPDATE pglistener.position SET system = 0 WHERE system = $1 AND EXISTS (SELECT FROM pglistener.cluster)
        )
        INSERT INTO pglistener.cluster (system, base)
        SELECT $1, COALESCE(max((SELECT m.id FROM pglistener.message m WHERE m.channel = c.channel ORDER BY m.id DESC LIMIT 1)), 0)
        FROM channels c
        RETURNING base
        """;

    // Replication does not copy the state of a sequence. A dump does.
    private const string Raise = """
        SELECT CASE WHEN has_sequence_privilege('pglistener.message_id', 'USAGE') AND has_sequence_privilege('pglistener.message_id', 'UPDATE')
            THEN setval('pglistener.message_id', GREATEST($1, nextval('pglistener.message_id'))) END
        """;

    private static readonly string Waiting = $"""
        WITH {Unpassed.Positions()}
        SELECT count(*) FROM pos p JOIN pglistener.message m ON {Unpassed.Condition} WHERE m.id <= $2
        """;

    public async Task<Cluster> DiscoverAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (system, last) = await FindAsync(connection, cancellationToken).ConfigureAwait(false);
        if (last?.System == system)
            return last;

        Cluster cluster;
        bool isRaised;
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await LockAsync(connection, cancellationToken).ConfigureAwait(false);
            if (await FindAsync(connection, cancellationToken).ConfigureAwait(false) is (_, { } now) && now.System == system)
                return now; // Another instance was first.

            var entered = (long)(await RetentionTransaction.ReadAsync(connection, Enter, cancellationToken, Sql.Bigint(system)).ConfigureAwait(false))!;
            isRaised = entered == 0 || await RetentionTransaction.ReadAsync(connection, Raise, cancellationToken, Sql.Bigint(entered)).ConfigureAwait(false) is long;
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            cluster = new(system, entered);
        }

        if (last is not null)
            await ReportAsync(connection, cluster, isRaised, cancellationToken).ConfigureAwait(false);
        return cluster;
    }

    private static async Task<(long System, Cluster? Last)> FindAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Find, connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                return (reader.GetInt64(0), reader.GetValue(1) is long last ? new(last, reader.GetInt64(2)) : null);
            }
        }
    }

    private static async Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await RetentionTransaction.ExecuteAsync(connection, Lock, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new ListenerException(
                "The log of durable channels is new to this PostgreSQL cluster, and has to be entered while nobody publishes. A transaction that publishes has been open for too long; it is tried again. Commit such transactions, or end their sessions.", e);
        }
    }

    private async Task ReportAsync(NpgsqlConnection connection, Cluster cluster, bool isRaised, CancellationToken cancellationToken)
    {
        string waiting;
        try
        {
            waiting = $"{await RetentionTransaction.ReadAsync(connection, Waiting, cancellationToken, Sql.Bigint(cluster.System), Sql.Bigint(cluster.Base)).ConfigureAwait(false)}";
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            waiting = "an unknown number of"; // They cannot be counted within the time limit of a session that others rely on.
        }

        logger.Restored(connection.Database, waiting);
        if (!isRaised)
            logger.SequenceNotRaised(cluster.Base);
    }
}
