namespace PgListener.TestServer;

/// <summary>A server that somebody else runs.</summary>
internal sealed class GivenServer(string connectionString) : ITestServer
{
    public string ConnectionString => connectionString;

    public string Description => $"the server given in {TestServers.Variable}";

    public string WhyUnbreakable => $"The server given in {TestServers.Variable} belongs to somebody else.";

    public Task KillAsync() => throw new InvalidOperationException(WhyUnbreakable);

    public Task StopAsync() => throw new InvalidOperationException(WhyUnbreakable);

    public Task StartAsync() => throw new InvalidOperationException(WhyUnbreakable);

    public Task PauseAsync(int? processId = null) => throw new InvalidOperationException(WhyUnbreakable);

    public Task ResumeAsync(int? processId = null) => throw new InvalidOperationException(WhyUnbreakable);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
