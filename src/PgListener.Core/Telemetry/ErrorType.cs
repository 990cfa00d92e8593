using Npgsql;

namespace PgListener.Telemetry;

/// <summary>What an error is called in <see cref="PgListenerTags.ErrorType"/>.</summary>
internal static class ErrorType
{
    public static string Of(Exception error) => error is PostgresException { SqlState: { Length: > 0 } state }
        ? state
        : error.GetType().FullName ?? error.GetType().Name;
}
