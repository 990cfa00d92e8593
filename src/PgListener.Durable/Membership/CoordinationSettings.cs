using PgListener.Connections;

namespace PgListener.Durable.Membership;

/// <summary>The server settings of the coordination session.</summary>
internal static class CoordinationSettings
{
    /// <summary>
    /// The settings. With them the server keeps a lease: it ends the session, and so releases its locks, when nothing is heard from this process for the session timeout, because the process is frozen
    /// (<c>idle_session_timeout</c>) or cannot be reached (the others). Before PostgreSQL 14, only the latter.
    /// </summary>
    /// <param name="timeout">The session timeout.</param>
    public static IReadOnlyList<(string Name, string Value)> For(TimeSpan timeout)
    {
        var milliseconds = $"{(long)timeout.TotalMilliseconds}";
        var seconds = (int)Math.Ceiling(timeout.TotalSeconds);
        return
        [
            ("statement_timeout", milliseconds),
            ("lock_timeout", $"{(long)timeout.TotalMilliseconds / 2}"),
            ("idle_session_timeout", milliseconds),
            ("idle_in_transaction_session_timeout", milliseconds),
            ("transaction_timeout", "0"),
            ("tcp_user_timeout", milliseconds),
            ("tcp_keepalives_idle", $"{Math.Max(1, seconds / 2)}"),
            ("tcp_keepalives_interval", $"{Math.Max(1, seconds / 6)}"),
            ("tcp_keepalives_count", "3"),
            ("client_connection_check_interval", milliseconds),
            ("default_transaction_deferrable", "off"),
            ("default_transaction_isolation", "'read committed'"),
            ("default_transaction_read_only", "off"),
            ("synchronous_commit", "off"),
            ("client_min_messages", "error"),
            ("jit", "off"), // The costs of a look are estimated as high once the log is long; compiling it would take a hundred times as long as the look.
        ];
    }

    /// <summary>Applies them, and takes them back before a connection returns to a pool.</summary>
    public static OwnSettings Create(TimeSpan timeout, Microsoft.Extensions.Logging.ILogger logger) => new(For(timeout), logger);
}
