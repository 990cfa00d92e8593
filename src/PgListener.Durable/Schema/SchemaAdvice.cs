using Npgsql;

namespace PgListener.Durable.Schema;

/// <summary>What to do where the schema is missing, or a role has no right to it.</summary>
internal static class SchemaAdvice
{
    /// <summary>Where the script is.</summary>
    public const string Script = "the script DurableSchema.Script (in the package: schema/schema.sql)";

    /// <summary>There is no schema.</summary>
    /// <param name="database">The database's name; <see langword="null"/> if it is not known.</param>
    public static string Missing(string? database)
        => $"The schema 'pglistener' of durable channels does not exist in {(database is null ? "the database" : $"the database '{database}'")}. " +
            $"Run {Script}, call DurableSchema.CreateAsync, or, for development, set {nameof(DurableChannelOptions.CreateSchema)} to true.";

    /// <summary>Why a publish failed, if it is the schema.</summary>
    public static string? ForPublisher(PostgresException error) => error.SqlState switch
    {
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName when error.MessageText.Contains("pglistener", StringComparison.Ordinal) => Missing(database: null),
        PostgresErrorCodes.InsufficientPrivilege =>
            $"The role has no right to publish on durable channels: {error.MessageText}. Grant it what schema/publisher-rights.sql of the package PgListener.Durable names.",
        _ => null,
    };
}
