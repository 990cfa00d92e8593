using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using PgListener.Connections;
using PgListener.Durable.Log;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Membership;

/// <summary>Registers the subscriptions of the process in the database.</summary>
internal sealed class SubscriptionRegistrar(ILogger logger)
{
    // One statement, and so one snapshot: a subscription is visible to others together with its positions. Who registers the same one at the same time waits for the row, and
    // then finds it. In one order for all, so that they do not wait for each other. xmax is 0 in a row that was inserted, and not in one that was found.
    private const string Register = """
        WITH wanted AS MATERIALIZED (
            SELECT w.* FROM json_to_recordset($1::json -> 'wanted') AS w (n int, channel text, name text, instance text, shards smallint, now boolean)
        ), registered AS (
            INSERT INTO pglistener.subscription (channel, name, instance, shards)
            SELECT channel, name, instance, shards FROM wanted ORDER BY channel, name, instance
            ON CONFLICT (channel, name, instance) DO UPDATE SET seen_at = now()
            RETURNING id, channel, name, instance, shards, xmax = 0 AS is_new
        ), begun AS (
            INSERT INTO pglistener.position (subscription, shard, n, system, seen, floor, holder)
            SELECT r.id, shard, 0, ($1::json ->> 'system')::bigint,
                (CASE WHEN w.now THEN $1::json ->> 'current' ELSE $1::json ->> 'nothing' END)::pg_snapshot,
                CASE WHEN w.now THEN COALESCE((
                    SELECT m.id FROM pglistener.message m
                    WHERE m.channel = r.channel AND (m.id <= ($1::json ->> 'base')::bigint OR pg_visible_in_snapshot(m.tx, ($1::json ->> 'current')::pg_snapshot))
                    ORDER BY m.id DESC LIMIT 1), 0) ELSE 0 END,
                ''
            FROM registered r
            JOIN wanted w USING (channel, name, instance)
            CROSS JOIN generate_series(0, r.shards - 1) AS shard
            WHERE r.is_new
        )
        SELECT json_build_object('n', w.n, 'id', r.id, 'shards', r.shards)::text FROM registered r JOIN wanted w USING (channel, name, instance) ORDER BY w.n
        """;

    private const string Remove = """
        WITH gone AS (
            DELETE FROM pglistener.subscription WHERE instance = $1 RETURNING id
        ), positions AS (
            DELETE FROM pglistener.position p USING gone WHERE p.subscription = gone.id
        ), retries AS (
            DELETE FROM pglistener.retry r USING gone WHERE r.subscription = gone.id
        ), losses AS (
            DELETE FROM pglistener.loss l USING gone WHERE l.subscription = gone.id
        )
        SELECT id::text FROM gone
        """;

    private readonly ShardChange _change = new(logger);
    private bool _hasOwn;

    /// <summary>The name of this instance, for subscriptions that each instance has of its own.</summary>
    public string Instance { get; } = string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}/{RandomNumberGenerator.GetHexString(8, lowercase: true)}");

    /// <summary>Registers handlers, and creates the positions of those that are new.</summary>
    /// <param name="server">The session.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="subscriptions">The handlers.</param>
    /// <param name="changesShards">Whether a configured number of shards that differs is put in force if it can be. Only at the beginning of a session: otherwise instances with different numbers would change it back and forth.</param>
    /// <param name="stopping">Cancels it.</param>
    public async Task<IReadOnlyList<RegisteredSubscription>> RegisterAsync(
        SessionConnection server, Cluster cluster, IReadOnlyList<DurableSubscription> subscriptions, bool changesShards, CancellationToken stopping)
    {
        _hasOwn |= subscriptions.Any(static subscription => subscription.Options.Mode == DurableMode.PerInstance);

        // Before the registration, which is a transaction with a number.
        var current = await server.QueryAsync($"SELECT {CurrentSnapshot.Sql}::text WHERE $1::text IS NOT NULL", "", server.Limit, stopping).ConfigureAwait(false);
        var request = new RegisterRequest(cluster.System, cluster.Base, LogPosition.Beginning.Seen, current[0], [.. subscriptions.Select(Wanted)]);
        var rows = await server.QueryAsync(Register, JsonSerializer.Serialize(request, LookJson.Default.RegisterRequest), server.Limit, stopping).ConfigureAwait(false);
        var registered = new List<RegisteredSubscription>();
        foreach (var row in rows.Select(static row => JsonSerializer.Deserialize(row, LookJson.Default.RegisteredRow)!))
        {
            var definition = subscriptions[row.N];
            var found = new RegisteredSubscription(row.Id, definition, row.Shards);
            if (changesShards && found.Shards != definition.Options.Shards)
                found = await _change.TryAsync(server, cluster, found, stopping).ConfigureAwait(false);
            logger.SubscriptionRegistered(definition.Name, definition.LogicalChannel, found.Id, found.Shards);
            registered.Add(found);
        }

        return registered;
    }

    /// <summary>Removes the subscriptions that this instance alone has.</summary>
    public async Task RemoveOwnAsync(SessionConnection server, CancellationToken stopping)
    {
        if (_hasOwn)
            await server.QueryAsync(Remove, Instance, server.Limit, stopping).ConfigureAwait(false);
    }

    private WantedSubscription Wanted(DurableSubscription subscription, int n) => new(
        n,
        subscription.Channel,
        subscription.Name,
        subscription.Options.Mode == DurableMode.PerInstance ? Instance : "",
        subscription.Options.Shards,
        subscription.Options.EffectiveStart == DurableStart.Now);
}
