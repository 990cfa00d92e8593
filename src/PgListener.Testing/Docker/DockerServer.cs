using System.Globalization;

namespace PgListener.Testing;

/// <summary>A server in a container. The container has the name of the instance, so it can be found again without us.</summary>
internal sealed class DockerServer : IServer
{
    public const string Image = "postgres:18-alpine";

    private readonly string _docker;
    private readonly Instance _instance;
    private readonly IDictionary<string, string> _settings;
    private readonly Lock _sync = new();
    private bool _created;
    private bool _disposed;

    public DockerServer(string docker, Machine machine, IDictionary<string, string> settings)
    {
        _docker = docker;
        _settings = settings;
        _instance = Instance.Create(machine.TempFolder);
    }

    public string Name => _instance.Name;

    public string Origin => $"docker image {Image}";

    public int? ProcessId => null;

    /// <summary>Returns when docker can be used.</summary>
    /// <exception cref="EphemeralPostgresException">There is no docker command, or nothing that answers it.</exception>
    public static async Task<string> FindDockerAsync(Machine machine, CancellationToken cancellationToken)
    {
        var docker = machine.FindProgram("docker") ?? throw new EphemeralPostgresException("docker is not on the PATH.");
        await Command.RunAsync(docker, ["version", "--format", "{{.Server.Version}}"], Command.ShortLimit, cancellationToken).ConfigureAwait(false);
        return docker;
    }

    /// <summary>Fetches the image, unless this machine has it.</summary>
    public static async Task PullAsync(string docker, CancellationToken cancellationToken)
    {
        try
        {
            await Command.RunAsync(docker, ["image", "inspect", Image], Command.ShortLimit, cancellationToken).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException)
        {
            // This is how docker says that it does not have the image.
            await Command.RunAsync(docker, ["pull", "--quiet", Image], Command.DownloadLimit, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the container of an instance, running or not.</summary>
    public static async Task RemoveContainerAsync(string docker, string name)
    {
        try
        {
            await Command.RunAsync(docker, ["rm", "--force", "--volumes", name], Command.ShortLimit, CancellationToken.None).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e) when (e.Message.Contains("No such container", StringComparison.OrdinalIgnoreCase))
        {
            // It was never created: some versions of docker call that a failure.
        }
    }

    /// <summary>Returns the arguments of the <c>docker run</c> that creates a server.</summary>
    /// <remarks>
    /// The port is chosen by us, because docker would choose another at each restart; and no <c>--rm</c>,
    /// because a stopped server must keep its data.
    /// </remarks>
    public static IEnumerable<string> RunArguments(string name, int port, IDictionary<string, string> settings) =>
    [
        "run", "--detach", "--name", name, "--label", $"pglistener.instance={name}",
        "--publish", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}:5432"),
        "--env", "POSTGRES_HOST_AUTH_METHOD=trust",
        "--env", "POSTGRES_INITDB_ARGS=--no-sync --locale=C -E UTF8",
        Image, "postgres", .. ServerSettings.ToArguments([new("cluster_name", name)], settings),
    ];

    public async Task StartAsync(int port, CancellationToken cancellationToken)
    {
        if (_created)
        {
            await DockerAsync(cancellationToken, "start", Name).ConfigureAwait(false);
            return;
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        await File.WriteAllTextAsync(_instance.ContainerMark, Image, cancellationToken).ConfigureAwait(false);
        try
        {
            await Command.RunAsync(_docker, RunArguments(Name, port, _settings), Command.ShortLimit, cancellationToken).ConfigureAwait(false);
            _created = true;
        }
        catch (EphemeralPostgresException e) when (SaysPortIsTaken(e.Message))
        {
            await RemoveContainerAsync(_docker, Name).ConfigureAwait(false);
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

    // The image asks docker to stop it with SIGINT, which is PostgreSQL's fast shutdown.
    public Task StopAsync(CancellationToken cancellationToken) => DockerAsync(cancellationToken, "stop", Name);

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        await DockerAsync(cancellationToken, "kill", Name).ConfigureAwait(false);
        await DockerAsync(cancellationToken, "wait", Name).ConfigureAwait(false);
    }

    public Task SetPausedAsync(bool paused, int? processId, CancellationToken cancellationToken) =>
        processId is { } id
            ? DockerAsync(cancellationToken, "exec", Name, "kill", paused ? "-STOP" : "-CONT", id.ToString(CultureInfo.InvariantCulture))
            : DockerAsync(cancellationToken, paused ? "pause" : "unpause", Name);

    public async Task<string> ReadLogAsync(CancellationToken cancellationToken) =>
        _created ? (await DockerAsync(cancellationToken, "logs", "--tail", "60", Name).ConfigureAwait(false)).All : "";

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
            if (File.Exists(_instance.ContainerMark))
                RemoveContainerAsync(_docker, Name).GetAwaiter().GetResult();
            _instance.Remove();
        }
        catch (EphemeralPostgresException)
        {
            // Docker does not answer. Once we are gone the next start tries again.
            _instance.Dispose();
        }
    }

    private Task<Printed> DockerAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments) =>
        Command.RunAsync(_docker, arguments, Command.ShortLimit, cancellationToken);
}
