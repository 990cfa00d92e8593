using System.Data;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Npgsql;

namespace PgListener.Durable.Retention;

/// <summary>Runs statements of maintenance in a transaction with time limits of its own.</summary>
internal static class RetentionTransaction
{
    /// <summary>The longest wait for one lock, in milliseconds. A removal needs three after each other, and publishers wait behind it.</summary>
    private const int LockLimit = 50;

    /// <summary>The longest time of one statement that publishers wait for, in milliseconds.</summary>
    private const int PublisherLimit = 100;

    /// <summary>The longest time of one statement that only readers wait for, in milliseconds.</summary>
    private const int ReaderLimit = 2_000;

    /// <summary>The longest time of a statement that nobody waits for, in milliseconds.</summary>
    private const int LongLimit = 600_000;

    /// <summary>Runs statements that keep nobody waiting.</summary>
    public static Task<T> RunAsync<T>(NpgsqlDataSource dataSource, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
        => RunAsync(dataSource, work, LongLimit, cancellationToken);

    /// <summary>Runs statements that need a lock which keeps others waiting.</summary>
    /// <param name="dataSource">Where the connection comes from.</param>
    /// <param name="publishersWait">Whether publishers have to wait, or only readers.</param>
    /// <param name="work">Runs them.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>Whether they were done; not if they would have kept others waiting for too long.</returns>
    public static async Task<bool> TryAsync(NpgsqlDataSource dataSource, bool publishersWait, Func<NpgsqlConnection, Task<bool>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(dataSource, work, publishersWait ? PublisherLimit : ReaderLimit, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.DeadlockDetected)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Executes statements.</summary>
    public static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = Create(connection, text, parameters);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Executes a query for one value.</summary>
    public static async Task<object?> ReadAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var command = Create(connection, text, parameters);
        await using (command.ConfigureAwait(false))
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Executes a query for one value, which is JSON.</summary>
    public static async Task<T> ReadAsync<T>(NpgsqlConnection connection, string text, JsonTypeInfo<T> type, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
        => JsonSerializer.Deserialize((string)(await ReadAsync(connection, text, cancellationToken, parameters).ConfigureAwait(false))!, type)!;

    private static NpgsqlCommand Create(NpgsqlConnection connection, string text, NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(text, connection) { CommandTimeout = LongLimit / 1_000 };
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    private static async Task<T> RunAsync<T>(NpgsqlDataSource dataSource, Func<NpgsqlConnection, Task<T>> work, int limit, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // Of this kind whatever the role's default is: each statement has a snapshot of its own, taken after the locks of the one before.
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await ExecuteAsync(connection, $"SET LOCAL lock_timeout = {LockLimit}; SET LOCAL statement_timeout = {limit}; SET LOCAL idle_in_transaction_session_timeout = 10000", cancellationToken).ConfigureAwait(false);
                var result = await work(connection).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
        }
    }
}
