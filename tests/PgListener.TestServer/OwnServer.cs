using PgListener.Testing;

namespace PgListener.TestServer;

/// <summary>A server that the tests have started, of this machine's own binaries or in a container: what can be done to it is the same.</summary>
internal sealed class OwnServer(EphemeralPostgres postgres) : ITestServer
{
    public string ConnectionString => postgres.ConnectionString;

    public string Description => postgres.Source;

    public string? WhyUnbreakable => null;

    public Task KillAsync() => postgres.KillAsync();

    public Task StopAsync() => postgres.StopAsync();

    public Task StartAsync() => postgres.StartAsync();

    public Task PauseAsync(int? processId = null) => postgres.PauseAsync(processId);

    public Task ResumeAsync(int? processId = null) => postgres.ResumeAsync(processId);

    public ValueTask DisposeAsync() => postgres.DisposeAsync();
}
