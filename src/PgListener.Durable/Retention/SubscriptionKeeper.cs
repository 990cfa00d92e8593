using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Retention;

/// <summary>Removes the subscriptions of instances that are gone, and reports those that no application runs any more.</summary>
internal sealed class SubscriptionKeeper(NpgsqlDataSource dataSource, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromDays(1);

    private static readonly string IsRun = string.Create(CultureInfo.InvariantCulture, $"""
        EXISTS (
            SELECT FROM pg_locks l
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND ((l.classid::bigint << 32) | l.objid::bigint) = {AdvisoryKey.Of(0, AdvisoryKey.MemberSlot)} + (s.id::bigint << {AdvisoryKey.SlotBits}))
        """);

    // The time is checked again in a row that was changed meanwhile, so an instance that has come back keeps its subscription.
    private static readonly string Expire = $"""
        WITH gone AS (
            DELETE FROM pglistener.subscription s WHERE s.instance <> '' AND s.seen_at < now() - interval '10 minutes' AND NOT {IsRun} RETURNING s.id
        )
        SELECT count(*) FROM gone
        """;

    // What belongs to a subscription that was deleted, here or by hand. A new one comes together with its positions.
    private const string Clean = """
        DELETE FROM pglistener.position p WHERE NOT EXISTS (SELECT FROM pglistener.subscription s WHERE s.id = p.subscription);
        DELETE FROM pglistener.retry r WHERE NOT EXISTS (SELECT FROM pglistener.subscription s WHERE s.id = r.subscription);
        DELETE FROM pglistener.loss l WHERE NOT EXISTS (SELECT FROM pglistener.subscription s WHERE s.id = l.subscription)
        """;

    private static readonly string Abandoned = $"""
        WITH {Unpassed.Positions($"s.instance = '' AND s.seen_at < now() - interval '1 hour' AND NOT {IsRun}")}
        SELECT COALESCE(json_agg(json_build_object('id', s.id, 'channel', s.channel, 'name', s.name, 'seenAt', s.seen_at) ORDER BY s.id), '[]')::text
        FROM pglistener.subscription s
        WHERE EXISTS (SELECT FROM pos p WHERE p.subscription = s.id AND {Unpassed.Exists("pglistener.message")})
        """;

    private readonly Dictionary<int, long> _reported = [];

    /// <summary>Removes the subscriptions of instances that have not been seen for 10 minutes, and what is left of deleted ones.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        var removed = await RetentionTransaction.RunAsync(
            dataSource,
            async connection =>
            {
                var expired = (long)(await RetentionTransaction.ReadAsync(connection, Expire, cancellationToken).ConfigureAwait(false))!;
                await RetentionTransaction.ExecuteAsync(connection, Clean, cancellationToken).ConfigureAwait(false);
                return expired;
            },
            cancellationToken).ConfigureAwait(false);
        if (removed > 0)
            logger.InstancesRemoved(removed);
    }

    /// <summary>Reports the subscriptions for which messages are kept although no application runs them, each once a day.</summary>
    public async Task ReportAsync(Cluster cluster, CancellationToken cancellationToken)
    {
        var found = await RetentionTransaction.RunAsync(
            dataSource,
            connection => RetentionTransaction.ReadAsync(
                connection, Abandoned, RetentionJson.Default.IReadOnlyListLeftover, cancellationToken, Sql.Bigint(cluster.System), Sql.Bigint(cluster.Base)),
            cancellationToken).ConfigureAwait(false);
        foreach (var subscription in found)
        {
            if (_reported.TryGetValue(subscription.Id, out var last) && time.GetElapsedTime(last) < ReportInterval)
                continue;

            _reported[subscription.Id] = time.GetTimestamp();
            logger.SubscriptionAbandoned(subscription.Name, subscription.Channel, subscription.Id, subscription.SeenAt);
        }
    }
}
