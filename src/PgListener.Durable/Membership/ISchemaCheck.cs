using Npgsql;

namespace PgListener.Durable.Membership;

/// <summary>Checks that the database has the schema of durable channels.</summary>
internal interface ISchemaCheck
{
    /// <summary>Checks it, on a session of the coordination, before anything else is read.</summary>
    /// <exception cref="ListenerException">It is missing, or has a version that this library does not work with. The message says what to do.</exception>
    Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken);
}
