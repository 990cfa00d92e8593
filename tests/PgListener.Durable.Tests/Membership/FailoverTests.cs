using Npgsql;
using PgListener.Durable.Tests.Operations;
using PgListener.Testing;

namespace PgListener.Durable.Tests.Membership;

/// <summary>The primary is lost, and a standby takes its place.</summary>
public class FailoverTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Subscriptions_go_on_at_the_new_primary_with_what_they_have_not_handled()
    {
        await using var primary = await LaunchAsync();
        await using var standby = await primary.LaunchStandbyAsync(Token);

        // What is confirmed is at the standby too.
        await ExecuteAsync(primary, "alter system set synchronous_standby_names = '*'");
        await ExecuteAsync(primary, "select pg_reload_conf()");
        var hosts = new NpgsqlConnectionStringBuilder(primary.ConnectionString)
        {
            Host = $"127.0.0.1:{primary.Port},127.0.0.1:{standby.Port}",
            TargetSessionAttributes = "primary",
            HostRecheckSeconds = 1,
            Timeout = 5,
        };
        await using var application = await Application.StartAsync(hosts.ConnectionString);
        for (var i = 1; i <= 20; i++)
            await application.PublishAsync(new OrderPlaced(i, "ann"));
        await Application.UntilAsync(() => Task.FromResult(application.Handled.Contains(10)), "Nothing is handled at the first primary.");

        await primary.KillAsync(Token);
        await ExecuteAsync(standby, "select pg_promote(true, 30)");

        // The standby of before waits for no standby.
        await ExecuteAsync(standby, "alter system set synchronous_standby_names = ''");
        await ExecuteAsync(standby, "select pg_reload_conf()");
        for (var i = 21; i <= 40; i++)
            await PublishAsync(application, i);

        await Application.UntilAsync(() => Task.FromResult(application.Handled.Contains(40)), "Nothing is handled at the new primary.");
        Assert.Equal(Enumerable.Range(1, 40).Select(i => (long)i), application.Handled.Distinct());
    }

    /// <summary>Publishes as soon as the new primary can be found.</summary>
    private static Task PublishAsync(Application application, int order) => Application.UntilAsync(
        async () =>
        {
            try
            {
                await application.PublishAsync(new OrderPlaced(order, "ann"));
                return true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        },
        "The publisher does not find the new primary.");

    private static async Task<EphemeralPostgres> LaunchAsync()
    {
        try
        {
            return await EphemeralPostgres.LaunchAsync(
                new() { Sources = PostgresSources.Installed | PostgresSources.Npm, ServerSettings = { ["synchronous_commit"] = "on" } }, Token);
        }
        catch (EphemeralPostgresException e)
        {
            Assert.Skip($"A standby needs a server outside a container. {e.Message}");
            throw;
        }
    }

    private static async Task ExecuteAsync(EphemeralPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }
}
