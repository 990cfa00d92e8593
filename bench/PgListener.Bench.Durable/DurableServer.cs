using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>The server on which durable messages are measured: one that loses nothing, as in production.</summary>
internal static class DurableServer
{
    public static EphemeralPostgresOptions Options() => new()
    {
        ServerSettings =
        {
            ["fsync"] = "on",
            ["synchronous_commit"] = "on",
            ["full_page_writes"] = "on",
            ["shared_buffers"] = "512MB",
            ["max_wal_size"] = "4GB",
        },
    };
}
