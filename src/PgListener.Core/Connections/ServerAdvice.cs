using Npgsql;

namespace PgListener.Connections;

/// <summary>Advice for errors that the server reports.</summary>
internal static class ServerAdvice
{
    // Not among Npgsql's constants.
    private const string IdleSessionTimeout = "57P05";
    private const string IdleInTransactionSessionTimeout = "25P03";
    private const string TransactionTimeout = "25P04";

    public static string For(PostgresException error) => error.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            "Check user name and password of the connection string, and the server's pg_hba.conf.",
        PostgresErrorCodes.InvalidCatalogName => "Check the database's name in the connection string.",
        PostgresErrorCodes.InsufficientPrivilege => "Give the user the privilege to connect to this database.",
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            "This server is a standby, on which LISTEN is not possible. Name all hosts in the connection string; the primary among them is then used. " +
            "If it is the primary, reset default_transaction_read_only of the role or the database.",
        PostgresErrorCodes.UndefinedFile =>
            "This server has a bug by which LISTEN fails on old entries of its notification queue. The latest minor releases of PostgreSQL fix it. Update the server; until then, restarting all sessions that listen may help.",
        PostgresErrorCodes.TooManyConnections => "The server has no connection left: raise max_connections, or use fewer.",
        PostgresErrorCodes.CannotConnectNow => "The server is starting or recovering; this ends by itself.",
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown => "The session was ended by an administrator or a restart; this ends by itself.",
        PostgresErrorCodes.QueryCanceled =>
            "A time limit of the server has ended a command: raise statement_timeout of the role or the database, or reset it with ALTER ROLE … RESET statement_timeout.",
        PostgresErrorCodes.LockNotAvailable => "A time limit of the server has ended a wait: raise lock_timeout of the role or the database.",
        IdleSessionTimeout =>
            "The server ends idle sessions, and a pooler or the server did not let this session lift the limit: set idle_session_timeout of the role to 0, or KeepAlive below it.",
        IdleInTransactionSessionTimeout or TransactionTimeout =>
            "The server ends long transactions, and did not let this session lift the limit: set idle_in_transaction_session_timeout and transaction_timeout of the role to 0.",
        PostgresErrorCodes.SerializationFailure => "Set default_transaction_isolation of the role to 'read committed'.",
        PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.ConfigurationLimitExceeded => "The server has reached one of its own limits: see its log.",
        PostgresErrorCodes.ProtocolViolation =>
            "A pooler between this process and the server refused the connection: for PgBouncer, see ignore_startup_parameters and its log.",
        PostgresErrorCodes.FeatureNotSupported => "This server, or a pooler in front of it, does not support LISTEN.",
        _ => "",
    };
}
