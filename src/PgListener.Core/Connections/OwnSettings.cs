using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Connections;

/// <summary>
/// The server settings that a connection of the listener needs, regardless of the defaults of the role, the database and the server. They apply
/// only to its own session.
/// </summary>
internal sealed class OwnSettings(IReadOnlyList<(string Name, string Value)> wanted, ILogger logger)
{
    /// <summary>How often a setting is sent again after a time limit of the server, which it is to lift, has ended the command.</summary>
    private const int Tries = 3;

    private readonly string[] _statements = [.. wanted.Select(static setting => $"SET {setting.Name} TO {setting.Value}")];
    private readonly string[] _resets = [.. wanted.Select(static setting => $"RESET {setting.Name}")];
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);

    /// <summary>The settings. The time limits come first, because they might end the other commands.</summary>
    public static IReadOnlyList<(string Name, string Value)> Wanted(ListenerOptions options)
    {
        var silence = (int)options.KeepAlive.TotalSeconds;
        return
        [
            // A session that listens is idle for as long as nothing is sent.
            ("statement_timeout", "0"),
            ("idle_session_timeout", "0"),
            ("lock_timeout", "0"),
            ("transaction_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),

            // A query would wait for other transactions, or be refused.
            ("default_transaction_deferrable", "off"),
            ("default_transaction_isolation", "'read committed'"),
            ("default_transaction_read_only", "off"),

            // A proof would wait for a synchronous standby or for the disk.
            ("synchronous_commit", "off"),

            // Each notice would end a wait.
            ("client_min_messages", "error"),

            // The server ends a session whose client is gone, instead of keeping it for the two hours of its operating system. There is no
            // tcp_user_timeout: it would also end the session of a healthy client that pauses its reading for that long.
            ("tcp_keepalives_idle", $"{silence}"),
            ("tcp_keepalives_interval", $"{Math.Max(1, silence / 3)}"),
            ("tcp_keepalives_count", "3"),
            ("client_connection_check_interval", $"{silence}000"),
        ];
    }

    /// <summary>Applies the settings. One that a server refuses is logged once and left as it is; one that it is too old to know is left out.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="timeout">Npgsql's own limit, in seconds; 0 for none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ApplyAsync(NpgsqlConnection connection, int timeout, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var refused = await ExecuteAsync(connection, _statements, timeout, cancellationToken).ConfigureAwait(false);
            if (tries < Tries && refused.Any(error => error.SqlState == PostgresErrorCodes.QueryCanceled))
                continue; // Setting one again does no harm.

            Report(refused);
            return;
        }
    }

    /// <summary>Resets the settings, so that the next user of the connection does not have them.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="timeout">Npgsql's own limit, in seconds; 0 for none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task ResetAsync(NpgsqlConnection connection, int timeout, CancellationToken cancellationToken) => ExecuteAsync(connection, _resets, timeout, cancellationToken);

    /// <summary>Executes each statement by itself, in one round trip, so that the refusal of one does not affect the others.</summary>
    private static async Task<IReadOnlyList<PostgresException>> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<string> statements, int timeout, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true, Timeout = timeout };
        await using (batch.ConfigureAwait(false))
        {
            foreach (var statement in statements)
                batch.BatchCommands.Add(new(statement));
            try
            {
                await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                return [];
            }
            catch (PostgresException e) when (connection.FullState == System.Data.ConnectionState.Open)
            {
                return [e];
            }
            catch (NpgsqlException e) when (e.InnerException is AggregateException several
                && several.InnerExceptions.All(static error => error is PostgresException) && connection.FullState == System.Data.ConnectionState.Open)
            {
                return [.. several.InnerExceptions.Cast<PostgresException>()];
            }
        }
    }

    private void Report(IReadOnlyList<PostgresException> refused)
    {
        foreach (var error in refused)
        {
            // An older server does not know all of them; that is not reported.
            if (error.SqlState == PostgresErrorCodes.UndefinedObject)
                continue;

            lock (_reported)
            {
                if (!_reported.Add(error.MessageText))
                    continue;
            }

            logger.SettingRefused($"{error.SqlState}: {error.MessageText.ReplaceLineEndings(" ")}");
        }
    }
}
