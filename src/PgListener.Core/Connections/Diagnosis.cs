using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace PgListener.Connections;

/// <summary>What a failure means and what to do about it, in one line.</summary>
internal static class Diagnosis
{
    /// <summary>Who probably keeps the server from emptying its notification queue: a session whose client does not read, else the oldest transaction.</summary>
    public const string QueueHolderQuery =
        """
        SELECT format('process %s of user %s (%s, %s since %s)', pid, usename, coalesce(nullif(application_name, ''), 'no application name'),
            CASE WHEN wait_event = 'ClientWrite' THEN 'its client not reading' ELSE 'in a transaction' END, date_trunc('second', coalesce(xact_start, state_change)))
        FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND (wait_event = 'ClientWrite' OR xact_start IS NOT NULL)
        ORDER BY wait_event = 'ClientWrite' DESC NULLS LAST, xact_start
        LIMIT 1
        """;

    /// <summary>Says what a filling queue means.</summary>
    public static string OfQueue(double usage, IReadOnlyList<string> holders)
        => string.Create(
            CultureInfo.InvariantCulture,
            $"The server's notification queue is {usage:P0} full. When it is full, every commit that notifies fails. It is emptied once all sessions that listen have read it; probably held up by {(holders.Count > 0 ? OneLine(holders[0]) : "a session that cannot be seen with this user's rights")}.");

    /// <summary>A failure that repeats with the same kind is not worth another line.</summary>
    public static string KindOf(Exception error) => error is PostgresException { SqlState: var state } ? state : error.GetType().Name;

    /// <summary>Says it without the secrets and line breaks that a message might carry.</summary>
    public static string Of(Exception error) => error switch
    {
        PostgresException e => $"{e.SqlState}: {OneLine(e.MessageText)}. {AdviceFor(e)}",
        DeafConnectionException => error.Message,
        TimeoutException => $"{OneLine(error.Message)} The server or the way to it is silent: a firewall, a failed host, or too much load.",
        NpgsqlException { InnerException: TimeoutException } => "The server did not answer in time. The server or the way to it is silent: a firewall, a failed host, or too much load.",
        NpgsqlException { InnerException: SocketException e } => $"The network says: {OneLine(e.Message)}. Check host and port, and whether the server is running.",
        NpgsqlException e when e.Message.StartsWith("No suitable host", StringComparison.Ordinal) =>
            "None of the hosts is a primary, or can be reached. LISTEN needs the primary; during a failover this ends by itself.",
        _ => $"{error.GetType().Name}: {OneLine(error.Message)}",
    };

    private static string AdviceFor(PostgresException error) => error.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            "Check user name and password of the connection string, and the server's pg_hba.conf.",
        PostgresErrorCodes.InvalidCatalogName => "Check the database's name in the connection string.",
        PostgresErrorCodes.InsufficientPrivilege => "Give the user the privilege to connect to this database.",
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            "This server is a standby, on which LISTEN is not possible. Name all hosts in the connection string; the primary among them is then used.",
        PostgresErrorCodes.UndefinedFile =>
            "This server has a bug in which LISTEN stumbles over old entries of its notification queue, fixed in the newest minor releases of PostgreSQL. Update it; until then, restarting all sessions that listen may help.",
        PostgresErrorCodes.TooManyConnections => "The server has no connection left: raise max_connections, or use fewer.",
        PostgresErrorCodes.CannotConnectNow => "The server is starting or recovering; this ends by itself.",
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown => "The session was ended by an administrator or a restart; this ends by itself.",
        _ => "",
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
