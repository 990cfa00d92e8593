using Npgsql;

namespace PgListener.Telemetry;

/// <summary>What an error is called in <see cref="PgListenerTags.ErrorType"/>.</summary>
internal static class ErrorType
{
    public static string Of(Exception error) => error switch
    {
        MalformedPayloadException { InnerException: { } cause } => NameOf(cause),
        PostgresException { SqlState: { Length: > 0 } state } => state,
        _ => NameOf(error),
    };

    private static string NameOf(Exception error) => error.GetType().FullName ?? error.GetType().Name;
}
