using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Publishing;
using PgListener.Durable.Telemetry;

namespace PgListener.Durable.Operations;

/// <summary>The operations on the durable channels of a listener, each with its line in the log.</summary>
internal sealed class DurableChannels(NpgsqlDataSource dataSource, string prefix, IClusterDiscovery clusters, LocalStatistics local, TimeProvider time, ILogger logger) : IDurableChannels
{
    private const int MaxLimit = 10_000;

    private const string SetPaused = """
        UPDATE pglistener.subscription SET paused_at = CASE WHEN $2 THEN now() END WHERE id = $1
        """;

    // The lock of membership is held by each process that runs it, in shared mode.
    private const string Remove = """
        WITH gone AS (
            DELETE FROM pglistener.subscription WHERE id = $1 AND pg_try_advisory_xact_lock($2) RETURNING id
        ), positions AS (
            DELETE FROM pglistener.position p USING gone WHERE p.subscription = gone.id
        ), retries AS (
            DELETE FROM pglistener.retry r USING gone WHERE r.subscription = gone.id
        ), losses AS (
            DELETE FROM pglistener.loss l USING gone WHERE l.subscription = gone.id
        )
        SELECT count(*) FROM gone
        """;

    private readonly StatusQuery _status = new(prefix);
    private readonly ParkedCommands _parked = new(prefix);

    public DurableStatistics GetStatistics() => local.Read();

    public Task<DurableStatus> GetStatusAsync(CancellationToken cancellationToken = default) => WithConnectionAsync(
        async connection => new DurableStatus
        {
            LogBytes = await StatusQuery.ReadSizeAsync(connection, cancellationToken).ConfigureAwait(false),
            Subscriptions = local.WithBlockades(await _status.ReadAsync(connection, static _ => true, static _ => StatusQuery.MaxLag, cancellationToken).ConfigureAwait(false)),
        },
        cancellationToken);

    public Task<IReadOnlyList<ParkedMessage>> GetParkedMessagesAsync(ParkedMessageFilter filter, int limit = 100, ParkedMessage? after = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxLimit);
        return WithConnectionAsync(connection => _parked.ReadAsync(connection, filter, limit, after, cancellationToken), cancellationToken);
    }

    public Task<IReadOnlyList<ParkedMessageCount>> CountParkedMessagesAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return WithConnectionAsync(connection => _parked.CountAsync(connection, filter, cancellationToken), cancellationToken);
    }

    public async Task<int> RequeueAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var channels = await WithConnectionAsync(connection => _parked.RequeueAsync(connection, filter, cancellationToken), cancellationToken).ConfigureAwait(false);
        foreach (var (channel, count) in channels)
            logger.Requeued(count, channel[prefix.Length..], filter.Subscription?.Handler ?? "all handlers");
        await WakeAsync(channels.Keys).ConfigureAwait(false);
        return channels.Values.Sum();
    }

    public async Task<int> DeleteAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var channels = await WithConnectionAsync(connection => _parked.DeleteAsync(connection, filter, cancellationToken), cancellationToken).ConfigureAwait(false);
        foreach (var (channel, count) in channels)
            logger.ParkedDeleted(count, channel[prefix.Length..], filter.Subscription?.Handler ?? "all handlers");
        await WakeAsync(channels.Keys).ConfigureAwait(false);
        return channels.Values.Sum();
    }

    public async Task PauseAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default)
    {
        var row = await SetPausedAsync(subscription, isPaused: true, cancellationToken).ConfigureAwait(false);
        logger.PauseRequested(row.Name.Handler, row.Name.Channel);
    }

    public async Task ResumeAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default)
    {
        var row = await SetPausedAsync(subscription, isPaused: false, cancellationToken).ConfigureAwait(false);
        logger.ResumeRequested(row.Name.Handler, row.Name.Channel);
    }

    public async Task<long?> SkipHeadAsync(DurableSubscriptionName subscription, int shard = 0, long? messageId = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        var row = await FindAsync(subscription, cancellationToken).ConfigureAwait(false);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, row.Shards);
        var skipped = await Moves().SkipAsync(row, shard, messageId, cancellationToken).ConfigureAwait(false);
        if (skipped is { } message)
            logger.HeadSkipped(message, row.Name.Channel, row.Name.Handler, shard);
        return skipped;
    }

    public async Task ReplayAsync(DurableSubscriptionName subscription, long messageId, CancellationToken cancellationToken = default)
        => await ReplayAsync(await FindAsync(subscription, cancellationToken).ConfigureAwait(false), messageId, cancellationToken).ConfigureAwait(false);

    public async Task ReplayAsync(DurableSubscriptionName subscription, DateTimeOffset from, CancellationToken cancellationToken = default)
    {
        var row = await FindAsync(subscription, cancellationToken).ConfigureAwait(false);
        if (await Moves().FirstSinceAsync(row, from, cancellationToken).ConfigureAwait(false) is { } first)
            await ReplayAsync(row, first, cancellationToken).ConfigureAwait(false);
    }

    public async Task RemoveAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default)
    {
        var row = await FindAsync(subscription, cancellationToken).ConfigureAwait(false);
        var command = dataSource.CreateCommand(Remove);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(Sql.Integer(row.Id));
            command.Parameters.Add(Sql.Bigint(AdvisoryKey.Of(row.Id, AdvisoryKey.MemberSlot)));
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is 0L)
                throw new InvalidOperationException($"The subscription {row.Name} cannot be removed, because a process runs it. Stop all processes with this handler, or remove the handler from the application first.");
        }

        logger.SubscriptionRemoved(row.Name.Handler, row.Name.Channel, row.Id);
    }

    private async Task ReplayAsync(SubscriptionRow row, long from, CancellationToken cancellationToken)
    {
        await Moves().ReplayAsync(row, from, cancellationToken).ConfigureAwait(false);
        logger.Replayed(row.Name.Handler, row.Name.Channel, from);
    }

    private async Task<SubscriptionRow> SetPausedAsync(DurableSubscriptionName subscription, bool isPaused, CancellationToken cancellationToken)
    {
        var row = await FindAsync(subscription, cancellationToken).ConfigureAwait(false);
        var command = dataSource.CreateCommand(SetPaused);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(Sql.Integer(row.Id));
            command.Parameters.Add(Sql.Boolean(isPaused));
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        await WakeAsync([row.Channel]).ConfigureAwait(false);
        return row;
    }

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    private async Task<SubscriptionRow> FindAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        var rows = await WithConnectionAsync(connection => _status.ReadRowsAsync(connection, cancellationToken), cancellationToken).ConfigureAwait(false);
        return rows.Select(static row => row.Subscription).FirstOrDefault(row => row.Name == subscription)
            ?? throw new ArgumentException(
                $"There is no subscription {subscription}. The subscriptions are: {(rows.Count > 0 ? string.Join(", ", rows.Select(static row => row.Subscription.Name)) : "none")}.", nameof(subscription));
    }

    private PositionMoves Moves() => new(dataSource, clusters, channel => WakeAsync([channel]), time);

    /// <summary>Has all processes look now. What was changed stays so, even if they only see it in their next look.</summary>
    private async Task WakeAsync(IEnumerable<string> channels)
    {
        string[] woken = [.. channels];
        if (woken.Length == 0)
            return;

        var connection = await dataSource.OpenConnectionAsync().ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            await WakeUpCommand.ExecuteAsync(connection, woken, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<T> WithConnectionAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await work(connection).ConfigureAwait(false);
    }
}
