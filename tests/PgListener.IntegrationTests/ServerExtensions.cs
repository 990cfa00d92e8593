using Npgsql;

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

    /// <summary>Completes when the server has no session of that application name any more; it notices the end of a connection a moment later.</summary>
    public static async Task WhenWithoutSessionsAsync(this ServerFixture server, string applicationName, int seconds = 20)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        while (await server.CountSessionsAsync(applicationName) is > 0 and var left)
            Assert.False(limit.IsCancellationRequested, $"{left} session(s) of {applicationName} are left.");
    }
}
