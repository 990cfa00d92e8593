using Npgsql;

namespace PgListener.Durable.Schema;

/// <summary>The version of the schema, which is in its comment.</summary>
internal static class SchemaVersion
{
    /// <summary>The version that this code works with.</summary>
    public const int Current = 1;

    /// <summary>An expression for the version of the schema whose oid is <c>n.oid</c>; null if it has none.</summary>
    public const string Expression =
        "pg_catalog.substring(pg_catalog.obj_description(n.oid, 'pg_namespace'), '^PgListener durable channels, version (\\d{1,9})$')::pg_catalog.int4";

    private const string Read = $"SELECT {Expression} FROM pg_catalog.pg_namespace n WHERE n.nspname = 'pglistener'";

    // As the locks of shards, of which there is none with the number 0: see Membership.
    private const string Lock = "SELECT pg_catalog.pg_advisory_xact_lock(x'50674C00000001FF'::pg_catalog.int8)";

    /// <summary>Reads it.</summary>
    /// <returns><see langword="null"/> if there is no schema, or it has no version.</returns>
    public static async Task<int?> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Read, connection);
        await using (command.ConfigureAwait(false))
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as int?;
    }

    /// <summary>Waits until no other session changes the schema, and keeps others from it until the end of the transaction.</summary>
    public static async Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // However long the one before takes.
        var command = new NpgsqlCommand(Lock, connection) { CommandTimeout = 0 };
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
