using Npgsql;

namespace PgListener.Bench;

/// <summary>How many connections a sender may use: the same number for all.</summary>
internal static class SenderPool
{
    public const int Size = 16;

    public static string Of(NpgsqlDataSource dataSource)
        => new NpgsqlConnectionStringBuilder(dataSource.ConnectionString) { MaxPoolSize = Size }.ConnectionString;
}
