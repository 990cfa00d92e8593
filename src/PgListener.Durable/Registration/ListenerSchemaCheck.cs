using Npgsql;
using PgListener.Durable.Membership;
using PgListener.Durable.Schema;

namespace PgListener.Durable.Registration;

/// <summary>Checks the schema, and creates it before if that is configured.</summary>
internal sealed class ListenerSchemaCheck(DurableChannelOptions options, NpgsqlDataSource dataSource) : ISchemaCheck
{
    public async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (options.CreateSchema)
            await DurableSchema.CreateAsync(dataSource, cancellationToken).ConfigureAwait(false);
        if (await SchemaCheck.ProblemAsync(connection, cancellationToken).ConfigureAwait(false) is { } problem)
            throw new ListenerException(problem);
    }
}
