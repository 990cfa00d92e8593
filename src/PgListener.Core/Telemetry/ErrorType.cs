using Npgsql;

namespace PgListener.Telemetry;

/// <summary>The value of <see cref="PgListenerTags.ErrorType"/> for an error.</summary>
internal static class ErrorType
{
    public static string Of(Exception error) => error is PostgresException { SqlState: { Length: > 0 } state }
        ? state
        : error.GetType().FullName ?? error.GetType().Name;
}
