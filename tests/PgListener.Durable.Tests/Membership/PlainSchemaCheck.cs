using Npgsql;
using PgListener.Durable.Membership;

namespace PgListener.Durable.Tests.Membership;

/// <summary>Checks that the schema is there.</summary>
internal sealed class PlainSchemaCheck : ISchemaCheck
{
    public async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("SELECT pg_catalog.obj_description(pg_catalog.to_regnamespace('pglistener'), 'pg_namespace')", connection);
        await using (command.ConfigureAwait(false))
        {
            if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not string)
                throw new ListenerException($"The database '{connection.Database}' does not have the schema pglistener, which durable channels need.");
        }
    }
}
