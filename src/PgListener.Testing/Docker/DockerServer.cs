using System.Globalization;

namespace PgListener.Testing;

/// <summary>A server in a container. The container has the name of the instance, so it can be found again without us.</summary>
internal sealed class DockerServer : IServer
{
    private const int KilledExitCode = 137;

    private readonly DockerEngine _engine;
    private readonly Instance _instance;
    private readonly IDictionary<string, string> _settings;
    private readonly Lock _sync = new();
    private Task<Printed>? _creation;
    private bool _created;
    private bool _disposed;

    private DockerServer(DockerEngine engine, Instance instance, IDictionary<string, string> settings)
    {
        _engine = engine;
        _settings = settings;
        _instance = instance;
    }

    public string Name => _instance.Name;

    public string Origin => $"docker image {DockerEngine.Image}";

    public string Host => "127.0.0.1";

    public string Password { get; } = Testing.Password.Next();

    public int? ProcessId => null;

    public static async Task<DockerServer> CreateAsync(
        DockerEngine engine, Machine machine, IDictionary<string, string> settings, CancellationToken cancellationToken) =>
        new(engine, await Instance.CreateAsync(machine.TempFolder, user: null, cancellationToken).ConfigureAwait(false), settings);

    /// <summary>Returns the arguments of the <c>docker run</c> that creates a server.</summary>
    /// <remarks>
    /// The port is chosen by us, because docker would choose another at each restart; and no <c>--rm</c>,
    /// because a stopped server must keep its data. The password is taken from docker's environment: the command line
    /// can be read by every user. With an init process, the server is not the container's first one, which no signal from inside can stop.
    /// </remarks>
    public static IEnumerable<string> RunArguments(string name, int port, IDictionary<string, string> settings) =>
    [
        "run", "--detach", "--init", "--name", name, "--label", $"pglistener.instance={name}",
        "--publish", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}:5432"),
        "--env", "POSTGRES_PASSWORD",
        "--env", "POSTGRES_HOST_AUTH_METHOD=scram-sha-256",
        "--env", "POSTGRES_INITDB_ARGS=--auth=scram-sha-256 --no-sync --locale=C -E UTF8",
        DockerEngine.Image, "postgres", .. ServerSettings.ToArguments([new("cluster_name", name)], settings),
    ];

    public async Task StartAsync(int port, CancellationToken cancellationToken)
    {
        if (_created)
        {
            await DockerAsync(cancellationToken, "start", Name).ConfigureAwait(false);
            return;
        }

        Task<Printed> creation;
        lock (_sync)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            File.WriteAllText(_instance.ContainerMark, DockerEngine.Image);
            // Not to be cancelled: an engine that was asked goes on, and would create the container after we have removed it.
            creation = _creation = _engine.RunAsync(
                RunArguments(Name, port, _settings),
                CancellationToken.None,
                new Dictionary<string, string>(StringComparer.Ordinal) { ["POSTGRES_PASSWORD"] = Password });
        }

        try
        {
            await creation.WaitAsync(cancellationToken).ConfigureAwait(false);
            _created = true;
        }
        catch (EphemeralPostgresException e) when (SaysPortIsTaken(e.Message))
        {
            await DockerEngine.RemoveContainerAsync(_engine.Program, Name).ConfigureAwait(false);
            throw new EphemeralPostgresException(e.Message, e) { PortTaken = true };
        }
    }

    /// <summary>Tells from what <c>docker run</c> printed whether another port may work.</summary>
    public static bool SaysPortIsTaken(string printed) =>
        printed.Contains("port is already allocated", StringComparison.OrdinalIgnoreCase)
        || printed.Contains("address already in use", StringComparison.OrdinalIgnoreCase)
        || printed.Contains("ports are not available", StringComparison.OrdinalIgnoreCase);

    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken)
    {
        if (!_created)
            return false;
        var state = await DockerAsync(cancellationToken, "inspect", "--format", "{{.State.Running}}", Name).ConfigureAwait(false);
        return state.Output.Trim() == "true";
    }

    // The engine publishes the port for this container, or the start fails.
    public bool HasItsPort() => _created;

    public async Task<string?> WhyUnreachableAsync(CancellationToken cancellationToken)
    {
        try
        {
            await DockerAsync(cancellationToken, ["exec", Name, .. InContainer.IsReady]).ConfigureAwait(false);
            return $"The server in the container {Name} is ready, but {Host} of this process is not where docker publishes its ports"
                + $" ({(string.IsNullOrEmpty(_engine.Endpoint) ? "its engine" : $"the engine at {_engine.Endpoint}")} runs on another machine, or this process runs in a container itself)."
                + $" Install PostgreSQL where this process runs, or set {Machine.SourcesVariable}=Installed,Npm.";
        }
        catch (EphemeralPostgresException e) when (e.ExitCode is not null)
        {
            // It is not ready itself, so there is nothing to explain yet.
            return null;
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => EndAsync(["exec", Name, .. InContainer.Stop], cancellationToken);

    public Task KillAsync(CancellationToken cancellationToken) => EndAsync(["kill", Name], cancellationToken);

    public async Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken)
    {
        try
        {
            await DockerAsync(cancellationToken, ["exec", Name, .. InContainer.SetPaused(paused, processId)]).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e) when (e.ExitCode == InContainer.NotOfTheServer)
        {
            throw new EphemeralPostgresException($"Process {processId} is not one of this server.", e);
        }
    }

    public Task<IServer?> CreateStandbyAsync(string connectionString, int port, CancellationToken cancellationToken) => Task.FromResult<IServer?>(null);

    public async Task<string> ReadLogAsync(CancellationToken cancellationToken)
    {
        if (!_created)
            return "";
        var excerpt = new LogExcerpt();
        foreach (var line in (await DockerAsync(cancellationToken, "logs", Name).ConfigureAwait(false)).All.TrimEnd().Split('\n'))
            excerpt.Add(line);
        return excerpt.ToString();
    }

    public void Dispose()
    {
        lock (_sync)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        try
        {
            if (_creation is not { } creation || RemoveAsync(creation).GetAwaiter().GetResult())
                _instance.Remove();
        }
        catch (EphemeralPostgresException)
        {
            // Docker does not answer. Once we are gone the next start tries again.
        }
        finally
        {
            _instance.Dispose();
        }
    }

    /// <summary>Removes the container, once it is certain whether there is one.</summary>
    /// <returns>Whether nothing can come any more; if not, the next start looks again.</returns>
    private async Task<bool> RemoveAsync(Task<Printed> creation)
    {
        await ((Task)creation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var existed = await DockerEngine.RemoveContainerAsync(_engine.Program, Name).ConfigureAwait(false);

        // A docker that was killed, or that we gave up, says nothing about what the engine still does.
        return existed || creation.IsCompletedSuccessfully || creation.Exception?.InnerException is EphemeralPostgresException { ExitCode: < 128 };
    }

    private async Task EndAsync(string[] command, CancellationToken cancellationToken)
    {
        try
        {
            await DockerAsync(cancellationToken, command).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e) when (e.ExitCode is not null)
        {
            // The container has just ended, and its processes with it.
            if (e.ExitCode != KilledExitCode && await IsRunningAsync(cancellationToken).ConfigureAwait(false))
                throw;
        }

        await DockerAsync(cancellationToken, "wait", Name).ConfigureAwait(false);
    }

    private Task<Printed> DockerAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments) =>
        _engine.RunAsync(arguments, cancellationToken);
}
