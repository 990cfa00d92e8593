using System.Text;
using System.Text.Json;
using Npgsql;
using PgListener.Durable.Walks;

namespace PgListener.Durable.Operations;

/// <summary>The statements of people on messages that have stepped aside.</summary>
/// <param name="prefix">The prefix of the channels' names in the log.</param>
internal sealed class ParkedCommands(string prefix)
{
    private const string IsState = """
        ($5::text IS NULL OR $5 = CASE WHEN r.dead_at IS NOT NULL THEN 'Dead' WHEN r.next_at = 'infinity' THEN 'Behind' ELSE 'Retrying' END)
        """;

    private const string Matches = $"""
        FROM pglistener.retry r
        JOIN pglistener.subscription s ON s.id = r.subscription
        WHERE starts_with(s.channel, $1)
          AND ($2::text IS NULL OR (s.channel = $2 AND s.name = $3 AND s.instance = $4))
          AND {IsState}
          AND ($6::text IS NULL OR r.error_type = $6)
          AND ($7::text IS NULL OR r.key = $7)
          AND ($8::text IS NULL OR r.message IN (SELECT ids.value::bigint FROM jsonb_array_elements_text($8::jsonb) AS ids))
        """;

    private const string List = $"""
        SELECT s.channel, s.name, s.instance, r.message, r.key, r.payload, r.headers::text, r.published_at, r.attempts,
            CASE WHEN r.next_at < 'infinity' AND r.dead_at IS NULL THEN r.next_at END, r.error_type, r.error, r.failed_at, r.dead_at, r.next_at = 'infinity'
        {Matches}
          AND ($9::text IS NULL OR (s.channel, s.name, s.instance, r.message) > ($9 COLLATE "C", $10 COLLATE "C", $11 COLLATE "C", $12))
        ORDER BY s.channel, s.name, s.instance, r.message
        LIMIT $13
        """;

    private const string Count = $"""
        SELECT s.channel, s.name, s.instance, r.error_type, count(*), min(r.failed_at)
        {Matches}
        GROUP BY s.channel, s.name, s.instance, r.error_type
        ORDER BY s.channel, s.name, s.instance, count(*) DESC, r.error_type
        """;

    // The server tests a row again, as it has become, when it has waited for another transaction that changed it; but only by the conditions of the UPDATE or DELETE
    // itself. So the state is one of them, besides choosing the rows: what somebody has requeued meanwhile is no longer dead.

    // What waits behind another message keeps its place. One that is being attempted keeps its number of attempts, by which its handler may be about to remove it.
    private const string Requeue = $"""
        WITH chosen AS (
            SELECT r.subscription, r.message, s.channel {Matches} AND (r.dead_at IS NOT NULL OR r.next_at < 'infinity')
        ), requeued AS (
            UPDATE pglistener.retry r
            SET next_at = now(), attempts = CASE WHEN r.dead_at IS NULL THEN r.attempts ELSE 0 END, dead_at = NULL
            FROM chosen WHERE r.subscription = chosen.subscription AND r.message = chosen.message AND {IsState}
            RETURNING chosen.channel
        )
        SELECT channel, count(*) FROM requeued GROUP BY channel
        """;

    // Of each key, the first that is left and waits behind nothing any more becomes due. The rest follow when that one is handled.
    private const string Delete = $"""
        WITH chosen AS (
            SELECT r.subscription, r.message, r.key, s.channel {Matches}
        ), deleted AS (
            DELETE FROM pglistener.retry r USING chosen WHERE r.subscription = chosen.subscription AND r.message = chosen.message AND {IsState}
            RETURNING r.subscription, r.message, r.key, chosen.channel
        ), head AS (
            SELECT next.*
            FROM (SELECT DISTINCT subscription, key FROM deleted WHERE key IS NOT NULL) k
            CROSS JOIN LATERAL (
                SELECT r.subscription, r.message, r.next_at, r.dead_at
                FROM pglistener.retry r
                WHERE r.subscription = k.subscription AND r.key = k.key
                  AND NOT EXISTS (SELECT FROM deleted d WHERE d.subscription = r.subscription AND d.message = r.message)
                ORDER BY r.seq LIMIT 1) next
        ), due AS (
            UPDATE pglistener.retry r SET next_at = now() FROM head
            WHERE r.subscription = head.subscription AND r.message = head.message AND head.next_at = 'infinity' AND head.dead_at IS NULL
        )
        SELECT channel, count(*) FROM deleted GROUP BY channel
        """;

    /// <summary>Reads some of them.</summary>
    public async Task<IReadOnlyList<ParkedMessage>> ReadAsync(NpgsqlConnection connection, ParkedMessageFilter filter, int limit, ParkedMessage? after, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(List, connection);
        await using (command.ConfigureAwait(false))
        {
            AddConditions(command, filter);
            command.Parameters.Add(Sql.Text(after is null ? null : prefix + after.Subscription.Channel));
            command.Parameters.Add(Sql.Text(after?.Subscription.Handler));
            command.Parameters.Add(Sql.Text(after?.Subscription.Instance));
            command.Parameters.Add(Sql.Bigint(after?.Id));
            command.Parameters.Add(Sql.Integer(limit));
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var messages = new List<ParkedMessage>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    messages.Add(MessageOf(reader));
                return messages;
            }
        }
    }

    /// <summary>Counts them by the type of their error.</summary>
    public async Task<IReadOnlyList<ParkedMessageCount>> CountAsync(NpgsqlConnection connection, ParkedMessageFilter filter, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Count, connection);
        await using (command.ConfigureAwait(false))
        {
            AddConditions(command, filter);
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var counts = new List<ParkedMessageCount>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    counts.Add(new(NameOf(reader), reader.GetValue(3) as string, reader.GetInt64(4), reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5)));
                return counts;
            }
        }
    }

    /// <summary>Makes them due.</summary>
    /// <returns>How many, by the channel's name in the log.</returns>
    public Task<IReadOnlyDictionary<string, int>> RequeueAsync(NpgsqlConnection connection, ParkedMessageFilter filter, CancellationToken cancellationToken)
        => ChangeAsync(Requeue, connection, filter, cancellationToken);

    /// <summary>Deletes them, and makes due what waits behind them.</summary>
    /// <returns>How many, by the channel's name in the log.</returns>
    public Task<IReadOnlyDictionary<string, int>> DeleteAsync(NpgsqlConnection connection, ParkedMessageFilter filter, CancellationToken cancellationToken)
        => ChangeAsync(Delete, connection, filter, cancellationToken);

    private async Task<IReadOnlyDictionary<string, int>> ChangeAsync(string text, NpgsqlConnection connection, ParkedMessageFilter filter, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(text, connection);
        await using (command.ConfigureAwait(false))
        {
            AddConditions(command, filter);
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var counts = new Dictionary<string, int>(StringComparer.Ordinal);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    counts.Add(reader.GetString(0), (int)reader.GetInt64(1));
                return counts;
            }
        }
    }

    private void AddConditions(NpgsqlCommand command, ParkedMessageFilter filter)
    {
        command.Parameters.Add(Sql.Text(prefix));
        command.Parameters.Add(Sql.Text(filter.Subscription is { } name ? prefix + name.Channel : null));
        command.Parameters.Add(Sql.Text(filter.Subscription?.Handler));
        command.Parameters.Add(Sql.Text(filter.Subscription?.Instance));
        command.Parameters.Add(Sql.Text(filter.State?.ToString()));
        command.Parameters.Add(Sql.Text(filter.ErrorType));
        command.Parameters.Add(Sql.Text(filter.Key));
        command.Parameters.Add(Sql.Text(filter.Ids is { } ids ? $"[{string.Join(',', ids)}]" : null));
    }

    private DurableSubscriptionName NameOf(NpgsqlDataReader reader) => new(reader.GetString(0)[prefix.Length..], reader.GetString(1), reader.GetString(2));

    private ParkedMessage MessageOf(NpgsqlDataReader reader)
    {
        var deadAt = TimeOf(13);
        return new()
        {
            Subscription = NameOf(reader),
            Id = reader.GetInt64(3),
            Key = reader.GetValue(4) as string,
            Payload = Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(5)),
            Headers = reader.GetValue(6) is string headers ? JsonSerializer.Deserialize(headers, HeadersJson.Default.DictionaryStringString)! : new Dictionary<string, string>(),
            PublishedAt = reader.GetFieldValue<DateTimeOffset>(7),
            Attempts = reader.GetInt32(8),
            NextAttempt = TimeOf(9),
            ErrorType = reader.GetValue(10) as string,
            Error = reader.GetValue(11) as string,
            FailedAt = TimeOf(12),
            DeadAt = deadAt,
            State = deadAt is not null ? ParkedState.Dead : reader.GetBoolean(14) ? ParkedState.Behind : ParkedState.Retrying,
        };

        DateTimeOffset? TimeOf(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }
}
