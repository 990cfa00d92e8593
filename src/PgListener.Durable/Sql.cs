using Npgsql;
using NpgsqlTypes;

namespace PgListener.Durable;

/// <summary>Creates parameters with a type, so that also those without a value have one.</summary>
internal static class Sql
{
    /// <summary>
    /// For the transaction, or the batch that it is in: a long log makes the estimated costs so high that the server would compile a statement, which takes hundreds of milliseconds, to read a few rows.
    /// </summary>
    public const string WithoutCompiling = "SELECT set_config('jit', 'off', true)";

    public static NpgsqlParameter Smallint(int value) => new() { Value = (short)value, NpgsqlDbType = NpgsqlDbType.Smallint };

    public static NpgsqlParameter Integer(int value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Integer };

    public static NpgsqlParameter Bigint(long? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    public static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter Bytes(byte[] value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Bytea };

    public static NpgsqlParameter Boolean(bool value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Boolean };

    public static NpgsqlParameter Timestamp(DateTimeOffset value) => new() { Value = value.ToUniversalTime(), NpgsqlDbType = NpgsqlDbType.TimestampTz };
}
