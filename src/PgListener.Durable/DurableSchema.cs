using System.Data;
using Npgsql;
using PgListener.Durable.Schema;

namespace PgListener;

/// <summary>The schema <c>pglistener</c> of durable channels in a database.</summary>
/// <remarks>
/// <para>The package has the script as a file too, <c>schema/schema.sql</c>, and beside it the rights of roles that only publish or read. To run it without any code:
/// <c>psql --single-transaction -v ON_ERROR_STOP=1 -f ~/.nuget/packages/pglistener.durable/{version}/schema/schema.sql</c>.</para>
/// <para>An application of one version also works with the schema of the next, so the schema can be brought up to date before the applications are.</para>
/// </remarks>
public static class DurableSchema
{
    /// <summary>The version of the schema that this version of the package works with.</summary>
    /// <value>1. Each change of the schema raises it by 1.</value>
    public static int Version => SchemaVersion.Current;

    /// <summary>The script that creates the schema. It can be run again: what exists is left as it is. If the schema has a later version, it fails and changes nothing.</summary>
    /// <remarks>Run it in one transaction, as a role with the right to create a schema in the database (<c>GRANT CREATE ON DATABASE</c>).</remarks>
    public static string Script { get; } = SchemaFiles.Read("schema.sql");

    /// <summary>The script that brings a schema of an earlier version up to date.</summary>
    /// <param name="version">The version that the database has: from 0, which is none, to <see cref="Version"/>.</param>
    /// <returns>From 0, <see cref="Script"/>. From <see cref="Version"/>, a script with a comment only. There are no other versions yet.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such version.</exception>
    public static string ScriptFrom(int version)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, Version);
        return version == 0 ? Script : $"-- The schema has version {Version} already: there is nothing to do.\n";
    }

    /// <summary>Creates the schema, or brings it up to date, in one transaction. Does nothing if it has this version or a later one, so that no right to change it is needed then.</summary>
    /// <param name="dataSource">The database, with a role that has the right to create a schema in it.</param>
    /// <param name="cancellationToken">Cancels it; nothing has changed then.</param>
    /// <returns>A task that completes after the commit.</returns>
    /// <remarks>Many instances may call it at the same time: one of them does it, the others wait.</remarks>
    /// <exception cref="NpgsqlException">The server refused, for example because the role lacks the right, or cannot be reached.</exception>
    public static async Task CreateAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            // Of this kind whatever the role's default is, so that what the one before has committed is seen after the wait.
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                await SchemaVersion.LockAsync(connection, cancellationToken).ConfigureAwait(false);
                var present = await SchemaVersion.ReadAsync(connection, cancellationToken).ConfigureAwait(false) ?? 0;
                if (present >= Version)
                    return;

                var script = new NpgsqlCommand(ScriptFrom(present), connection);
                await using (script.ConfigureAwait(false))
                    await script.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
