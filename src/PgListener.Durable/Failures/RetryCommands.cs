using System.Data.Common;
using System.Text;
using System.Text.Json;
using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Walks;
using PgListener.Telemetry;

namespace PgListener.Durable.Failures;

/// <summary>The statements on copies of messages that have failed, and of those that wait behind them.</summary>
internal static class RetryCommands
{
    // A message that is delivered again, for example by a replay, may have a copy already.
    private const string Copy = """
        INSERT INTO pglistener.retry (subscription, message, bucket, key, payload, headers, published_at, attempts, next_at, error_type, error, failed_at, dead_at)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, CASE WHEN $9::bigint IS NULL THEN 'infinity' ELSE now() + $9 * interval '1 millisecond' END,
                $10, $11, CASE WHEN $10::text IS NULL THEN NULL ELSE now() END, CASE WHEN $12 THEN now() END)
        ON CONFLICT (subscription, message) DO UPDATE
        SET attempts = excluded.attempts, next_at = excluded.next_at, error_type = excluded.error_type, error = excluded.error, failed_at = excluded.failed_at, dead_at = excluded.dead_at
        """;

    private const string Due = """
        SELECT message, key, bucket, payload, headers::text, published_at, attempts
        FROM pglistener.retry
        WHERE subscription = $1 AND bucket % $2 = $3 AND dead_at IS NULL AND next_at <= now()
        ORDER BY next_at, seq
        LIMIT $4
        """;

    private const string NextDue = """
        SELECT (extract(epoch FROM min(next_at) - now()) * 1000)::float8
        FROM pglistener.retry
        WHERE subscription = $1 AND bucket % $2 = $3 AND dead_at IS NULL AND next_at < 'infinity'
        """;

    private const string Failed = """
        UPDATE pglistener.retry
        SET attempts = $3, next_at = CASE WHEN $4::bigint IS NULL THEN 'infinity' ELSE now() + $4 * interval '1 millisecond' END,
            error_type = $5, error = $6, failed_at = now(), dead_at = CASE WHEN $7 THEN now() END
        WHERE subscription = $1 AND message = $2
        """;

    // The first of each key that waits behind nothing any more becomes due. What is returned are the keys that have no message left.
    private const string Settle = """
        WITH keys AS (SELECT jsonb_array_elements_text($2::jsonb) AS key),
        head AS (
            SELECT first.*
            FROM keys CROSS JOIN LATERAL (
                SELECT r.key, r.message, r.next_at, r.dead_at FROM pglistener.retry r
                WHERE r.subscription = $1 AND r.key = keys.key ORDER BY r.seq LIMIT 1) first),
        due AS (
            UPDATE pglistener.retry r SET next_at = now() FROM head
            WHERE r.subscription = $1 AND r.message = head.message AND head.next_at = 'infinity' AND head.dead_at IS NULL)
        SELECT key FROM keys WHERE NOT EXISTS (SELECT FROM head WHERE head.key = keys.key)
        """;

    // With another mode, nothing waits behind anything.
    private const string Release = "UPDATE pglistener.retry SET next_at = now() WHERE subscription = $1 AND bucket % $2 = $3 AND dead_at IS NULL AND next_at = 'infinity'";

    private const string Keys = "SELECT DISTINCT key FROM pglistener.retry WHERE subscription = $1 AND bucket % $2 = $3 AND key IS NOT NULL";

    private const string Delete = "DELETE FROM pglistener.retry WHERE subscription = $1 AND message = $2 AND attempts = $3";

    private const int MaxErrorLength = 4_000;

    /// <summary>Creates the statement that copies a message which steps aside.</summary>
    public static NpgsqlBatchCommand CreateCopy(int subscription, LogMessage message, Parking parking) => new(Copy)
    {
        Parameters =
        {
            Sql.Integer(subscription),
            Sql.Bigint(message.Id),
            Sql.Smallint(message.Bucket),
            Sql.Text(message.Key),
            Sql.Bytes(Encoding.UTF8.GetBytes(message.Payload)),
            Sql.Text(message.Headers),
            Sql.Timestamp(message.PublishedAt),
            Sql.Integer(parking.FailedAttempts),
            Sql.Bigint((long?)parking.RetryIn?.TotalMilliseconds),
            Sql.Text(parking.Error is { } error ? ErrorType.Of(error) : null),
            Sql.Text(TextOf(parking.Error)),
            Sql.Boolean(parking.IsDead),
        },
    };

    /// <summary>Reads the messages whose next attempt is due.</summary>
    public static async Task<IReadOnlyList<Delivery>> ReadDueAsync(NpgsqlConnection connection, RetryShard shard, int limit, CancellationToken cancellationToken)
    {
        var command = Create(Due, connection, shard);
        command.Parameters.Add(Sql.Integer(limit));
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var due = new List<Delivery>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    var message = new LogMessage(
                        reader.GetInt64(0),
                        reader.GetValue(1) as string,
                        reader.GetInt16(2),
                        Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(3)),
                        reader.GetValue(4) as string,
                        reader.GetFieldValue<DateTimeOffset>(5));
                    due.Add(new(message, reader.GetInt32(6)));
                }

                return due;
            }
        }
    }

    /// <summary>Finds out when the next attempt is due.</summary>
    /// <returns><see langword="null"/> if none is.</returns>
    public static async Task<TimeSpan?> ReadNextDueAsync(NpgsqlConnection connection, RetryShard shard, CancellationToken cancellationToken)
    {
        var command = Create(NextDue, connection, shard);
        await using (command.ConfigureAwait(false))
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is double milliseconds ? TimeSpan.FromMilliseconds(Math.Max(0, milliseconds)) : null;
    }

    /// <summary>Reads the keys of which messages have stepped aside.</summary>
    public static async Task<IReadOnlyList<string>> ReadKeysAsync(NpgsqlConnection connection, RetryShard shard, CancellationToken cancellationToken)
    {
        var command = Create(Keys, connection, shard);
        await using (command.ConfigureAwait(false))
            return await ReadTextsAsync(command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes everything due that waits behind another message.</summary>
    public static async Task ReleaseAsync(NpgsqlConnection connection, RetryShard shard, CancellationToken cancellationToken)
    {
        var command = Create(Release, connection, shard);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes the first message of each key due if it waits behind none any more.</summary>
    /// <returns>The keys of which no message is left.</returns>
    public static async Task<IReadOnlyList<string>> SettleAsync(NpgsqlConnection connection, int subscription, IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.Serialize([.. keys], KeysJson.Default.StringArray);
        var command = new NpgsqlCommand(Settle, connection) { Parameters = { Sql.Integer(subscription), Sql.Text(json) } };
        await using (command.ConfigureAwait(false))
            return await ReadTextsAsync(command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A further attempt has failed.</summary>
    public static async Task FailedAsync(NpgsqlConnection connection, int subscription, LogMessage message, Parking parking, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Failed, connection)
        {
            Parameters =
            {
                Sql.Integer(subscription),
                Sql.Bigint(message.Id),
                Sql.Integer(parking.FailedAttempts),
                Sql.Bigint((long?)parking.RetryIn?.TotalMilliseconds),
                Sql.Text(parking.Error is { } error ? ErrorType.Of(error) : null),
                Sql.Text(TextOf(parking.Error)),
                Sql.Boolean(parking.IsDead),
            },
        };
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A further attempt has succeeded.</summary>
    public static async Task SucceededAsync(NpgsqlConnection connection, int subscription, Delivery delivery, CancellationToken cancellationToken)
    {
        var command = CreateDelete(connection, subscription, delivery);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the copy as part of a transaction of the handler's.</summary>
    /// <returns>Whether it was still there, with the attempts that this delivery knows of.</returns>
    public static async Task<bool> TryDeleteInAsync(DbTransaction transaction, int subscription, Delivery delivery, CancellationToken cancellationToken)
    {
        var command = CreateDelete(transaction.Connection!, subscription, delivery);
        command.Transaction = transaction;
        await using (command.ConfigureAwait(false))
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) == 1;
    }

    /// <summary>Whether the copy is still there.</summary>
    public static async Task<bool> ExistsAsync(NpgsqlConnection connection, int subscription, Delivery delivery, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pglistener.retry WHERE subscription = $1 AND message = $2)", connection)
        {
            Parameters = { Sql.Integer(subscription), Sql.Bigint(delivery.Message.Id) },
        };
        await using (command.ConfigureAwait(false))
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true;
    }

    private static NpgsqlCommand Create(string text, NpgsqlConnection connection, RetryShard shard)
        => new(text, connection) { Parameters = { Sql.Integer(shard.Subscription), Sql.Smallint(shard.Shards), Sql.Smallint(shard.Shard) } };

    private static DbCommand CreateDelete(DbConnection connection, int subscription, Delivery delivery)
    {
        var command = connection.CreateCommand();
        command.CommandText = Delete;
        command.Parameters.Add(Sql.Integer(subscription));
        command.Parameters.Add(Sql.Bigint(delivery.Message.Id));
        command.Parameters.Add(Sql.Integer(delivery.FailedAttempts));
        return command;
    }

    private static async Task<IReadOnlyList<string>> ReadTextsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var texts = new List<string>();
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                texts.Add(reader.GetString(0));
            return texts;
        }
    }

    /// <summary>The server refuses the character NUL.</summary>
    private static string? TextOf(Exception? error)
    {
        var text = error?.ToString().Replace("\0", "", StringComparison.Ordinal);
        return text is null || text.Length <= MaxErrorLength ? text : text[..MaxErrorLength];
    }
}
