using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Membership;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Streams;

/// <summary>Reads one channel's log for streams. Thread-safe.</summary>
internal sealed class StreamLogReader(NpgsqlDataSource dataSource, DurableChannelOptions options, string channel)
{
    private const string Now = $"""
        WITH w AS MATERIALIZED (
            SELECT {CurrentSnapshot.Sql} AS now
        )
        SELECT c.system_identifier, now::text, COALESCE((
            SELECT m.id FROM pglistener.message m
            WHERE m.channel = $1 AND (m.id <= $2 OR pg_visible_in_snapshot(m.tx, (SELECT now FROM w)))
            ORDER BY m.id DESC LIMIT 1), 0)
        FROM w
        CROSS JOIN pg_catalog.pg_control_system() c
        """;

    // A removal that is visible in the position's snapshot was before it, and took only what is visible there too. Another one may have taken messages of transactions that began later,
    // or were in progress then and have been committed since. Whether those have published anything that was removed is not known.
    private const string State = """
        SELECT c.system_identifier, (SELECT id::text FROM pglistener.server_run), (
            SELECT r.removed_by::text FROM pglistener.removal r
            WHERE r.channel = $1 AND r.system = $2 AND NOT pg_visible_in_snapshot(r.removed_by, $3::pg_snapshot) AND (r.tx >= pg_snapshot_xmax($3::pg_snapshot) OR EXISTS (
                SELECT FROM pg_snapshot_xip($3::pg_snapshot) AS tx WHERE tx <= r.tx AND COALESCE(pg_xact_status(tx), 'committed') = 'committed')))
        FROM pg_catalog.pg_control_system() c
        """;

    /// <summary>Finds the position behind everything that is committed.</summary>
    public async Task<Boundary> FindNowAsync(Cluster cluster, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // Before the position, so that it belongs to it.
            var run = await PositionCommands.ReadServerRunAsync(connection, cancellationToken).ConfigureAwait(false);
            var command = new NpgsqlCommand(Now, connection) { Parameters = { Sql.Text(channel), Sql.Bigint(cluster.Base) } };
            await using (command.ConfigureAwait(false))
            {
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                    if (reader.GetInt64(0) != cluster.System)
                        throw new ListenerException($"The database is in another PostgreSQL cluster ({reader.GetInt64(0)}) than the one that the durable channels are coordinated in ({cluster.System}). The streams wait until that is so here too.");

                    var epoch = new LogEpoch(cluster.System, cluster.Base, run);
                    return new(epoch, new(channel, epoch), new() { Seen = reader.GetString(1), Floor = reader.GetInt64(2) });
                }
            }
        }
    }

    /// <summary>Reads a page.</summary>
    /// <param name="epoch">In which the position means something.</param>
    /// <param name="position">Where to read on.</param>
    /// <param name="limit">The most messages to read.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns><see langword="null"/> if the epoch is over.</returns>
    public async Task<StreamPage?> ReadAsync(LogEpoch epoch, LogPosition position, int limit, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var page = await LogReader.ReadAsync(connection, new(channel), position, epoch.Base, Math.Min(limit, options.PageSize), options.PageBytes, cancellationToken).ConfigureAwait(false);

            // After the page, and on the same session, which does not outlive the server: so what is found here holds for the page too. What was removed before the page was read is seen.
            var command = new NpgsqlCommand(State, connection) { Parameters = { Sql.Text(channel), Sql.Bigint(epoch.System), Sql.Text(position.Seen) } };
            await using (command.ConfigureAwait(false))
            {
                await command.PrepareAsync(cancellationToken).ConfigureAwait(false);
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                    return reader.GetInt64(0) == epoch.System && reader.GetValue(1) as string == epoch.Run ? new(page, position, reader.GetValue(2) as string) : null;
                }
            }
        }
    }
}
