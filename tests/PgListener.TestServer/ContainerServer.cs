using System.Globalization;
using DotNet.Testcontainers.Builders;
using Testcontainers.PostgreSql;

namespace PgListener.TestServer;

/// <summary>A server in a container.</summary>
internal sealed class ContainerServer : ITestServer
{
    /// <summary>The one place that names the image and its version.</summary>
    private const string Image = "postgres:18-alpine";

    private readonly PostgreSqlContainer _container;

    private ContainerServer(PostgreSqlContainer container) => _container = container;

    public string ConnectionString => _container.GetConnectionString();

    public string Description => $"{Image} in a container";

    public string? WhyUnbreakable => null;

    /// <summary>Starts a container; <see langword="null"/> where no Docker engine answers.</summary>
    public static async Task<ContainerServer?> TryStartAsync()
    {
        PostgreSqlContainer container;
        try
        {
            // A port of our choice: one of Docker's choice would be another after a restart. An init process: only then can
            // the server be killed from inside, where the container's first process cannot be.
            container = new PostgreSqlBuilder(Image)
                .WithPortBinding(FreePort.Next(), PostgreSqlBuilder.PostgreSqlPort)
                .WithCreateParameterModifier(parameters => parameters.HostConfig!.Init = true)
                .WithCommand("-c", "fsync=off", "-c", "max_connections=200")
                .Build();
        }
        catch (Exception e) when (e is DockerUnavailableException or ArgumentException { ParamName: "DockerEndpointAuthConfig" })
        {
            return null;
        }

        await container.StartAsync();
        return new(container);
    }

    public async Task KillAsync() => await _container.ExecAsync(["sh", "-c", "kill -9 -1"]);

    public Task StopAsync() => _container.StopAsync();

    public Task StartAsync() => _container.StartAsync();

    public Task PauseAsync(int? processId = null) => processId is { } id ? SignalAsync("STOP", id) : _container.PauseAsync();

    public Task ResumeAsync(int? processId = null) => processId is { } id ? SignalAsync("CONT", id) : _container.UnpauseAsync();

    public ValueTask DisposeAsync() => _container.DisposeAsync();

    private async Task SignalAsync(string signal, int processId)
        => await _container.ExecAsync(["kill", $"-{signal}", processId.ToString(CultureInfo.InvariantCulture)]);
}
