using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Membership;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Operations;

/// <summary>Moves positions from outside of their holders: pauses the subscription, takes the locks of its shards when they are free, and resumes it.</summary>
internal sealed class PositionMoves(NpgsqlDataSource dataSource, IClusterDiscovery clusters, Func<string, Task> wake, TimeProvider time)
{
    /// <summary>How long holders may take to give the shards up, and writers to end.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private const string Enter = "SELECT pg_advisory_xact_lock($1)";

    private const string Pause = "UPDATE pglistener.subscription SET paused_at = now() WHERE id = $1 AND paused_at IS NULL RETURNING paused_at";

    // Only its own pause: a person may have paused the subscription meanwhile, which sets another time.
    private const string Resume = "UPDATE pglistener.subscription SET paused_at = NULL WHERE id = $1 AND paused_at = $2";

    private const string TryLock = "SELECT bool_and(pg_try_advisory_xact_lock($1 + shard)) FROM generate_series($2::int, $3::int) AS shard";

    // Every transaction that has written into the log has this lock until its end. One that is prepared has no process.
    private const string Writers = """
        SELECT virtualtransaction FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'pglistener.message'::regclass AND mode = 'RowExclusiveLock' AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    private const string HighestId = "SELECT id FROM pglistener.message WHERE channel = $1 ORDER BY id DESC LIMIT 1";

    private const string FirstSince = "SELECT min(id) FROM pglistener.message WHERE channel = $1 AND at >= $2";

    /// <summary>Moves a shard past the next message, if it is the one that is meant.</summary>
    /// <returns>Its id; <see langword="null"/> if there is none, or it is another one.</returns>
    public async Task<long?> SkipAsync(SubscriptionRow subscription, int shard, long? meant, CancellationToken cancellationToken)
    {
        long? skipped = null;
        await HoldAsync(subscription, shard, shard, (cluster, token) => MoveAsync(subscription, shard, cluster, async (connection, at, _) =>
        {
            if (await NextAsync(connection, subscription.ShardOf(shard), at, cluster, token).ConfigureAwait(false) is not { } next || next.Id != (meant ?? next.Id))
                return null;
            skipped = next.Id;
            return next.After;
        }, token), cancellationToken).ConfigureAwait(false);
        return skipped;
    }

    /// <summary>Finds the first message that was written since a time.</summary>
    /// <returns><see langword="null"/> if the log has none.</returns>
    public async Task<long?> FirstSinceAsync(SubscriptionRow subscription, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await ScalarAsync(connection, FirstSince, cancellationToken, Sql.Text(subscription.Channel), Sql.Timestamp(from)).ConfigureAwait(false) as long?;
    }

    /// <summary>Moves all shards to before a message, but not past one that is not handled yet.</summary>
    public Task ReplayAsync(SubscriptionRow subscription, long from, CancellationToken cancellationToken)
        => HoldAsync(subscription, 0, subscription.Shards - 1, async (cluster, token) =>
        {
            // Transactions that are still open may have written messages with any ids up to the highest; those that begin later have higher ones. So when the former have ended, all that is below is visible.
            var highest = await WaitForWritersAsync(subscription, token).ConfigureAwait(false);
            for (var shard = 0; shard < subscription.Shards; shard++)
            {
                await MoveAsync(subscription, shard, cluster, async (connection, at, held) =>
                {
                    var lag = await StatusQuery.ReadLagAsync(connection, held, at, cluster.Base, cap: 1, token).ConfigureAwait(false);
                    return LogPosition.Before(Math.Min(from, Math.Min(lag.Next ?? long.MaxValue, highest + 1)));
                }, token).ConfigureAwait(false);
            }
        }, cancellationToken);

    /// <summary>Finds the message that comes next at a position, and the position after it.</summary>
    private static async Task<(long Id, LogPosition After)?> NextAsync(NpgsqlConnection connection, LogChannel channel, LogPosition position, Cluster cluster, CancellationToken cancellationToken)
    {
        var left = position.Done.ToHashSet();
        while (true)
        {
            var page = await LogReader.ReadAsync(connection, channel, position, cluster.Base, left.Count + 1, long.MaxValue, cancellationToken).ConfigureAwait(false);
            foreach (var message in page.Messages)
            {
                if (!left.Remove(message.Id))
                    return (message.Id, position.Within(page.Upto, message.Id, [.. left]));
            }

            if (page.Messages.Count == 0 && position.Upto is null)
                return null;
            position = page.After(position); // The rest of a window that was begun earlier says nothing about the next one.
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(text, connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddRange(parameters);
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<HashSet<string>> WritersAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Writers, connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var writers = new HashSet<string>(StringComparer.Ordinal);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    writers.Add(reader.GetString(0));
                return writers;
            }
        }
    }

    /// <summary>Moves one position, whose lock is held.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="next">Finds the new position; <see langword="null"/> if it stays.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    private async Task MoveAsync(
        SubscriptionRow subscription, int shard, Cluster cluster, Func<NpgsqlConnection, LogPosition, LogChannel, Task<LogPosition?>> next, CancellationToken cancellationToken)
    {
        var key = new ShardKey(subscription.Id, shard);
        using var held = await HeldPosition.TakeAsync(dataSource, key, cluster.System, holder: "", cancellationToken).ConfigureAwait(false)
            ?? throw new ArgumentException($"The subscription {subscription.Name} was removed meanwhile.", nameof(subscription));
        LogPosition? position;
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            position = await next(connection, held.Start, subscription.ShardOf(shard)).ConfigureAwait(false);
        if (position is not null)
            await held.MoveAsync(position, [], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until the transactions have ended that are writing into the log now.</summary>
    /// <returns>The highest id of the channel before that.</returns>
    private async Task<long> WaitForWritersAsync(SubscriptionRow subscription, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var highest = await ScalarAsync(connection, HighestId, cancellationToken, Sql.Text(subscription.Channel)).ConfigureAwait(false) as long? ?? 0;
            var writers = await WritersAsync(connection, cancellationToken).ConfigureAwait(false);
            await WaitUntilAsync(
                async () =>
                {
                    if (writers.Count > 0)
                        writers.IntersectWith(await WritersAsync(connection, cancellationToken).ConfigureAwait(false));
                    return writers.Count == 0;
                },
                () => "transactions that have published on durable channels are still open. End them (pg_locks shows them, with a RowExclusiveLock on pglistener.message), and try again.",
                subscription,
                cancellationToken).ConfigureAwait(false);
            return highest;
        }
    }

    /// <summary>Runs something while no instance holds the shards.</summary>
    private async Task HoldAsync(SubscriptionRow subscription, int first, int last, Func<Cluster, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var cluster = await clusters.DiscoverAsync(connection, cancellationToken).ConfigureAwait(false);

            // Its locks are released with its end, whatever happens.
            var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await ScalarAsync(connection, Enter, cancellationToken, Sql.Bigint(AdvisoryKey.Of(subscription.Id, AdvisoryKey.OperationSlot))).ConfigureAwait(false);
                var pausedAt = await PauseAsync(subscription.Id, cancellationToken).ConfigureAwait(false);
                try
                {
                    if (pausedAt is not null)
                        await wake(subscription.Channel).ConfigureAwait(false);
                    await WaitUntilAsync(
                        async () => await ScalarAsync(
                            connection, TryLock, cancellationToken, Sql.Bigint(AdvisoryKey.Of(subscription.Id, 0)), Sql.Integer(first), Sql.Integer(last)).ConfigureAwait(false) is true,
                        () => "calls of its handler are still running. Pause it, and try again when no shard has a holder.",
                        subscription,
                        cancellationToken).ConfigureAwait(false);
                    await work(cluster, cancellationToken).ConfigureAwait(false);
                    await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                }
                finally
                {
                    if (pausedAt is { } own)
                        await ResumeAsync(subscription.Id, own).ConfigureAwait(false);
                }
            }

            await wake(subscription.Channel).ConfigureAwait(false);
        }
    }

    /// <summary>Pauses it, in a transaction of its own, so that all instances see it.</summary>
    /// <returns>Since when; <see langword="null"/> if it is paused already.</returns>
    private async Task<DateTimeOffset?> PauseAsync(int subscription, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await ScalarAsync(connection, Pause, cancellationToken, Sql.Integer(subscription)).ConfigureAwait(false) is DateTime at ? new DateTimeOffset(at) : null;
    }

    private async Task ResumeAsync(int subscription, DateTimeOffset pausedAt)
    {
        var connection = await dataSource.OpenConnectionAsync().ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            await ScalarAsync(connection, Resume, CancellationToken.None, Sql.Integer(subscription), Sql.Timestamp(pausedAt)).ConfigureAwait(false);
    }

    private async Task WaitUntilAsync(Func<Task<bool>> isDone, Func<string> why, SubscriptionRow subscription, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        while (!await isDone().ConfigureAwait(false))
        {
            if (time.GetElapsedTime(begun) > Limit)
                throw new TimeoutException($"The position of {subscription.Name} was not moved within {Limit.TotalSeconds} s, because {why()}");
            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
