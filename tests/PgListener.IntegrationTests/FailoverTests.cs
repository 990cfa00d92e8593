using Npgsql;
using PgListener.Testing;

namespace PgListener.IntegrationTests;

/// <summary>Several hosts in the connection string; the primary goes away, and a standby takes its place.</summary>
public class FailoverTests(ITestOutputHelper output)
{
    private static readonly ListenerOptions Quick = new()
    {
        KeepAlive = TimeSpan.FromSeconds(1),
        ConnectTimeout = TimeSpan.FromSeconds(2),
        ReconnectDelay = TimeSpan.FromMilliseconds(50),
        MaxReconnectDelay = TimeSpan.FromMilliseconds(500),
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)] // killed
    [InlineData(true)] // frozen: it accepts connections and says nothing
    public async Task Ends_up_on_the_new_primary(bool frozen)
    {
        await using var primary = await LaunchAsync();
        await using var standby = await primary.LaunchStandbyAsync(Cancellation);
        var received = new Received<string>();
        await using var listener = new Listener(frozen ? BothHosts(primary, standby) : BothHosts(standby, primary), Quick);
        await using var subscription = await listener.SubscribeAsync(
            "c",
            received.Payloads(),
            new() { OnResync = received.Reasons() },
            Cancellation);
        await listener.StartAsync(Cancellation).SoonAsync();
        listener.Listen();
        Assert.Equal("Started", await received.NextAsync());
        Assert.EndsWith($":{primary.Port}", listener.Status.Server, StringComparison.Ordinal);
        await ExecuteAsync(primary, "select pg_notify('c', 'from the first')");
        Assert.Equal("from the first", await received.NextAsync());

        var watch = System.Diagnostics.Stopwatch.StartNew();
        if (frozen)
            await primary.PauseAsync(cancellationToken: Cancellation);
        else
            await primary.KillAsync(Cancellation);
        await ExecuteAsync(standby, "select pg_promote(true, 30)");
        Assert.Equal("Reconnected", await received.NextAsync(seconds: 60));
        output.WriteLine($"On the new primary after {watch.Elapsed.TotalSeconds:0.0} s.");
        Assert.EndsWith($":{standby.Port}", listener.Status.Server, StringComparison.Ordinal);
        await ExecuteAsync(standby, "select pg_notify('c', 'from the second')");
        Assert.Equal("from the second", await received.NextAsync());
        if (frozen)
            await primary.ResumeAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Says_that_a_server_is_a_standby()
    {
        await using var primary = await LaunchAsync();
        await using var standby = await primary.LaunchStandbyAsync(Cancellation);
        await using var listener = new Listener(standby.ConnectionString, Quick);
        var error = await Assert.ThrowsAsync<ListenerStartException>(() => listener.StartAsync(Cancellation).SoonAsync());
        Assert.Equal("25006", Assert.IsType<PostgresException>(error.InnerException).SqlState);
        Assert.Contains("This server is a standby, on which LISTEN is not possible.", error.Message, StringComparison.Ordinal);
    }

    private static async Task<EphemeralPostgres> LaunchAsync()
    {
        try
        {
            return await EphemeralPostgres.LaunchAsync(new() { Sources = PostgresSources.Installed | PostgresSources.Npm }, Cancellation);
        }
        catch (EphemeralPostgresException e)
        {
            Assert.Skip($"A standby needs a server outside a container. {e.Message}");
            throw;
        }
    }

    private static string BothHosts(EphemeralPostgres first, EphemeralPostgres second)
        => new NpgsqlConnectionStringBuilder(first.ConnectionString) { Host = $"127.0.0.1:{first.Port},127.0.0.1:{second.Port}" }.ConnectionString;

    private static async Task ExecuteAsync(EphemeralPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
