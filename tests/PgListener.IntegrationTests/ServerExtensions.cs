using Npgsql;
using PgListener.TestServer;

namespace PgListener.IntegrationTests;

internal static class ServerExtensions
{
    /// <summary>Sends the numbers of a range in one transaction, each as text padded to a length.</summary>
    public static async Task NotifyRangeAsync(this NpgsqlDataSource sender, string channel, int first, int count, int length = 0, CancellationToken cancellationToken = default)
    {
        await using var command = sender.CreateCommand(
            "select count(pg_notify($1, case when $4 = 0 then i::text else lpad(i::text, $4, '0') end)) from generate_series($2, $2 + $3 - 1) i");
        command.CommandTimeout = 60;
        command.Parameters.Add(new() { Value = channel });
        command.Parameters.Add(new() { Value = first });
        command.Parameters.Add(new() { Value = count });
        command.Parameters.Add(new() { Value = length });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A listener whose listening connection alone goes through the proxy.</summary>
    public static Listener ListenThrough(this ServerFixture server, FaultProxy proxy, ListenerOptions? options = null) => server.CreateListener(proxy, source: 1, options);

    /// <summary>A listener whose connection that proves and wakes alone goes through the proxy.</summary>
    public static Listener WakeThrough(this ServerFixture server, FaultProxy proxy, ListenerOptions? options = null) => server.CreateListener(proxy, source: 2, options);

    /// <summary>Completes when the server has no session of that application name any more; it notices the end of a connection a moment later.</summary>
    public static async Task WhenWithoutSessionsAsync(this ServerFixture server, string applicationName, int seconds = 20)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        while (await server.CountSessionsAsync(applicationName) is > 0 and var left)
            Assert.False(limit.IsCancellationRequested, $"{left} session(s) of {applicationName} are left.");
    }

    private static Listener CreateListener(this ServerFixture server, FaultProxy proxy, int source, ListenerOptions? options)
    {
        var sources = 0;
        return new(server.ConnectionString, options, builder =>
        {
            if (++sources == source)
                (builder.ConnectionStringBuilder.Host, builder.ConnectionStringBuilder.Port) = ("127.0.0.1", new NpgsqlConnectionStringBuilder(proxy.ConnectionString).Port);
        });
    }
}
