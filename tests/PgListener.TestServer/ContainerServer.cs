using PgListener.Testing;
using Testcontainers.PostgreSql;

namespace PgListener.TestServer;

/// <summary>A server in a container of Testcontainers, which removes it even when the tests are killed.</summary>
internal sealed class ContainerServer : IServer
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _disposal = new();
    private PostgreSqlContainer? _container;
    private Task<long> _exit = Task.FromResult(0L);

    public string Name { get; } = $"pglistener-test-{Guid.NewGuid():n}";

    public string Origin => $"{DockerEngine.Image} in a container";

    public string Host => _container?.Hostname ?? "127.0.0.1";

    public string Password { get; } = Testing.Password.Next();

    public int? ProcessId => null;

    public async Task StartAsync(int port, CancellationToken cancellationToken)
    {
        _container ??= Build(port);
        try
        {
            await _container.StartAsync(cancellationToken);
        }
        catch (Exception e) when (DockerServer.SaysPortIsTaken(e.Message))
        {
            await _container.DisposeAsync();
            _container = null;
            throw new EphemeralPostgresException(e.Message, e) { PortTaken = true };
        }

        // Ends when the container has ended, however that comes about.
        _exit = WaitForEndAsync(_container, _disposal.Token);
    }

    public Task<bool> IsRunningAsync(CancellationToken cancellationToken) => Task.FromResult(!_exit.IsCompleted);

    public bool HasItsPort() => !_exit.IsCompleted;

    public Task<string?> WhyUnreachableAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync(InContainer.Stop, cancellationToken);
        await _exit.WaitAsync(cancellationToken);
    }

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        // The command may be among what it kills, or be cut off by the container's end.
        await ((Task)_container!.ExecAsync(InContainer.Kill, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _exit.WaitAsync(cancellationToken);
    }

    public async Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken)
        => await ExecuteAsync(InContainer.SetPaused(paused, processId), cancellationToken);

    public Task<IServer?> CreateStandbyAsync(string connectionString, int port, CancellationToken cancellationToken) => Task.FromResult<IServer?>(null);

    public async Task<string> ReadLogAsync(CancellationToken cancellationToken)
    {
        if (_container is null)
            return "";
        var excerpt = new LogExcerpt();
        var (output, errors) = await _container.GetLogsAsync(ct: cancellationToken);
        foreach (var line in (output + errors).TrimEnd().Split('\n'))
            excerpt.Add(line);
        return excerpt.ToString();
    }

    public void Dispose()
    {
        _disposal.Cancel();
        _container?.DisposeAsync().AsTask().Wait(EndLimit, CancellationToken.None);
        _container = null;
    }

    private static async Task<long> WaitForEndAsync(PostgreSqlContainer container, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await container.GetExitCodeAsync(cancellationToken);
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The request was cut off, which says nothing about the container.
                await Task.Delay(AskAgain, cancellationToken);
            }
        }
    }

    private PostgreSqlContainer Build(int port)
        // A port of our choice: one of Docker's choice would be another after a restart. An init process: only then can
        // the server be killed from inside, where the container's first process cannot be.
        => new PostgreSqlBuilder(DockerEngine.Image)
            .WithPassword(Password)
            .WithEnvironment("POSTGRES_HOST_AUTH_METHOD", "scram-sha-256")
            .WithEnvironment("POSTGRES_INITDB_ARGS", "--auth=scram-sha-256")
            .WithPortBinding(port, PostgreSqlBuilder.PostgreSqlPort)
            .WithCreateParameterModifier(parameters => parameters.HostConfig!.Init = true)
            .WithCommand("-c", "fsync=off", "-c", "max_connections=200", "-c", $"cluster_name={Name}")
            .Build();

    private async Task ExecuteAsync(string[] command, CancellationToken cancellationToken)
    {
        var result = await _container!.ExecAsync(command, cancellationToken);
        if (result.ExitCode == InContainer.NotOfTheServer)
            throw new EphemeralPostgresException("The process is not one of this server.");
        if (result.ExitCode != 0)
            throw new EphemeralPostgresException($"The command in the container failed: {result.Stderr}");
    }
}
