using System.Data.Common;
using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using PgListener.Durable.Log;

namespace PgListener.Durable.Publishing;

/// <summary>
/// The statement that writes messages. It leaves <c>tx</c> and <c>id</c> to their defaults, whose order the log depends on. There is nothing in it that a data
/// source must know how to write (no arrays), and nothing that depends on the search path.
/// </summary>
internal static class InsertCommand
{
    /// <summary>The most messages of one statement, which has at most 65,535 parameters.</summary>
    internal const int MaxRows = 20_000;

    private const string Into = "INSERT INTO pglistener.message (channel, key, bucket, payload, headers) VALUES ";
    private const int ParametersOfAll = 2;
    private const int ParametersOfRow = 3;

    private static readonly string One = Write(1, wakes: false);
    private static readonly string OneThatWakes = Write(1, wakes: true);

    /// <summary>Checks whether a connection can write that many messages as a whole.</summary>
    /// <exception cref="InvalidOperationException">It cannot.</exception>
    public static void ThrowIfTooMany(DbConnection connection, bool isInTransaction, int count)
    {
        if (count > MaxRows && !isInTransaction && !connection.CanCreateBatch)
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"{connection.GetType()} does not support batches, so {count:N0} messages cannot be written as a whole. Publish them in a transaction, or at most {MaxRows:N0} at once."));
        }
    }

    /// <summary>Writes messages in one round trip, all or none.</summary>
    /// <param name="connection">A connection of Npgsql's, or one that wraps it.</param>
    /// <param name="channel">The channel's name in the log.</param>
    /// <param name="messages">At least one.</param>
    /// <param name="headers">What is sent along with each, as JSON.</param>
    /// <param name="wakes">Whether the same transaction notifies the readers.</param>
    /// <param name="cancellationToken">Cancels the command.</param>
    public static async Task<int> ExecuteAsync(
        DbConnection connection, string channel, OutgoingMessage[] messages, string? headers, bool wakes, CancellationToken cancellationToken)
    {
        if (messages.Length > MaxRows && connection.CanCreateBatch)
        {
            await ExecuteBatchAsync(connection, channel, messages, headers, wakes, cancellationToken).ConfigureAwait(false);
            return messages.Length;
        }

        for (var start = 0; start < messages.Length; start += MaxRows)
        {
            var rows = messages.AsMemory(start, Math.Min(MaxRows, messages.Length - start));
            var command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                command.CommandText = Fill(command.Parameters, channel, rows.Span, headers, wakes && start + rows.Length == messages.Length);
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return messages.Length;
    }

    /// <summary>Without a transaction, the server makes one of the whole batch.</summary>
    private static async Task ExecuteBatchAsync(
        DbConnection connection, string channel, OutgoingMessage[] messages, string? headers, bool wakes, CancellationToken cancellationToken)
    {
        var batch = connection.CreateBatch();
        await using (batch.ConfigureAwait(false))
        {
            for (var start = 0; start < messages.Length; start += MaxRows)
            {
                var rows = messages.AsSpan(start, Math.Min(MaxRows, messages.Length - start));
                var command = batch.CreateBatchCommand();
                command.CommandText = Fill(command.Parameters, channel, rows, headers, wakes && start + rows.Length == messages.Length);
                batch.BatchCommands.Add(command);
            }

            await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Adds the parameters to a command.</summary>
    /// <returns>The command's text.</returns>
    private static string Fill(DbParameterCollection parameters, string channel, ReadOnlySpan<OutgoingMessage> messages, string? headers, bool wakes)
    {
        parameters.Add(Text(channel));
        parameters.Add(Text(headers));
        foreach (var message in messages)
        {
            parameters.Add(Text(message.Key));
            parameters.Add(new NpgsqlParameter<short> { TypedValue = Shard.BucketOf(message.Key), NpgsqlDbType = NpgsqlDbType.Smallint });
            parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = message.Payload, NpgsqlDbType = NpgsqlDbType.Bytea });
        }

        return messages.Length > 1 ? Write(messages.Length, wakes) : wakes ? OneThatWakes : One;
    }

    private static string Write(int rows, bool wakes)
    {
        var text = new StringBuilder(wakes ? "WITH written AS (" : "").Append(Into);
        for (var row = 0; row < rows; row++)
        {
            var first = ParametersOfAll + (row * ParametersOfRow) + 1;
            text.Append(CultureInfo.InvariantCulture, $"{(row == 0 ? "" : ", ")}($1, ${first}, ${first + 1}, ${first + 2}, $2::pg_catalog.jsonb)");
        }

        return text.Append(wakes ? ") SELECT pg_catalog.pg_notify($1, '')" : "").ToString();
    }

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };
}
