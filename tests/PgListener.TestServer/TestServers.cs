using PgListener.Testing;

namespace PgListener.TestServer;

/// <summary>Chooses the server: <c>PGLISTENER_TEST_DB</c>; else a container where a Docker engine answers; else one of this machine.</summary>
public static class TestServers
{
    /// <summary>A connection string of a server that tests may use but not harm.</summary>
    public const string Variable = "PGLISTENER_TEST_DB";

    private static readonly TimeSpan ContainerStartLimit = TimeSpan.FromMinutes(5);
    private static readonly ServerChoice Choice = new(
        token => EphemeralPostgres.LaunchServerAsync(new ServerControl(new ContainerServer(), ContainerStartLimit), token),
        () => EphemeralPostgres.LaunchAsync(),
        Console.WriteLine);

    private static int _printed;

    /// <summary>Starts or finds a server to share among tests.</summary>
    public static async Task<ITestServer> StartAsync()
    {
        var server = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } connectionString
            ? new GivenServer(connectionString)
            : await StartOwnAsync();
        if (Interlocked.Exchange(ref _printed, 1) == 0)
            Console.WriteLine($"Tests run on {server.Description}.");
        return server;
    }

    /// <summary>Starts a server for one test alone, which may do to it what it likes.</summary>
    public static async Task<ITestServer> StartOwnAsync() => new OwnServer(await Choice.LaunchAsync());
}
