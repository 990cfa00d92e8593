using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>The settings of a server that loses nothing, as in production. Others do without, because what they measure is not the disk.</summary>
internal static class OnDisk
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
