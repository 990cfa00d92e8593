using Npgsql;
using PgListener.Connections;

namespace PgListener.Durable.Membership;

/// <summary>One session of the coordination: connects, checks the schema, registers the subscriptions, then looks until it is stopped or something throws.</summary>
internal sealed class CoordinationSession(CoordinationParts parts)
{
    // Not among Npgsql's constants.
    private const string IdleSessionTimeout = "57P05";

    private readonly OwnSettings _settings = new(CoordinationSettings.For(parts.Durable.SessionTimeout), parts.Logger);

    /// <summary>Runs one session.</summary>
    /// <param name="onCoordinating">Called once the subscriptions are registered, with the server's name and process.</param>
    /// <param name="stopping">Ends it: the runs end their calls, and the locks are released.</param>
    /// <param name="abort">Cancels the calls that are still running.</param>
    public async Task RunAsync(Action<string, int> onCoordinating, CancellationToken stopping, CancellationToken abort)
    {
        var connection = parts.Connections.CreateListening();
        var server = new SessionConnection(connection, parts.Connections.IsPooled, _settings, parts.Options, parts.Time, parts.Logger);
        try
        {
            await server.OpenAsync(stopping).ConfigureAwait(false);
            await server.ApplySettingsAsync(stopping).ConfigureAwait(false);
            await CheckSchemaAsync(server, stopping).ConfigureAwait(false);
            var cluster = await server.RunAsync("the question which cluster this is", _ => parts.Clusters.DiscoverAsync(connection, stopping), server.Limit, stopping).ConfigureAwait(false);
            var subscriptions = await parts.Registrar.RegisterAsync(server, cluster, parts.Subscriptions, changesShards: true, stopping).ConfigureAwait(false);
            onCoordinating($"{connection.Host}:{connection.Port}", connection.ProcessID);
            await CoordinateAsync(server, cluster, subscriptions, stopping, abort).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == IdleSessionTimeout)
        {
            throw new ListenerException(
                $"This process has not run for longer than {nameof(DurableChannelOptions.SessionTimeout)} ({parts.Durable.SessionTimeout:c}), so the server has ended its session, and other instances could take over. Find what stops the process or its thread pool.", e);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidSqlStatementName)
        {
            throw new ListenerException(Coordination.BehindPooler, e); // What was prepared is unknown, so this is another session.
        }
        finally
        {
            await server.CloseAsync().ConfigureAwait(false);
        }
    }

    private Task<bool> CheckSchemaAsync(SessionConnection server, CancellationToken stopping) => server.RunAsync(
        "the check of the schema",
        async _ =>
        {
            await parts.Schema.CheckAsync(server.Connection, stopping).ConfigureAwait(false);
            return true;
        },
        server.Limit,
        stopping);

    private async Task CoordinateAsync(
        SessionConnection server, Cluster cluster, IReadOnlyList<RegisteredSubscription> subscriptions, CancellationToken stopping, CancellationToken abort)
    {
        using var coordination = new Coordination(server, cluster, subscriptions, parts, abort);
        try
        {
            await coordination.RunAsync(stopping, abort).ConfigureAwait(false);
        }
        finally
        {
            await coordination.EndAsync().ConfigureAwait(false);
        }

        await parts.Registrar.RemoveOwnAsync(server, CancellationToken.None).ConfigureAwait(false);
    }
}
