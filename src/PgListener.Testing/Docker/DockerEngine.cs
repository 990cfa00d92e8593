using System.Collections.Concurrent;
using System.Diagnostics;

namespace PgListener.Testing;

/// <summary>The <c>docker</c> command, and the engine behind it.</summary>
/// <param name="Program">The path of the command.</param>
/// <param name="Endpoint">The address of the engine, if it is known.</param>
internal sealed record DockerEngine(string Program, string? Endpoint)
{
    /// <summary>The one place that names the image and its version.</summary>
    public const string Image = "postgres:18-alpine";

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);
    private static readonly ConcurrentDictionary<string, (string Reason, long Since)> Failures = new(StringComparer.Ordinal);

    /// <summary>Returns the engine, once it answers, runs on this machine and has the image.</summary>
    /// <remarks>A failure is remembered for a minute, so that not every start waits for an engine that hangs.</remarks>
    /// <exception cref="EphemeralPostgresException">There is no docker command, or nothing that answers it, or not on this machine, or the image cannot be had.</exception>
    public static async Task<DockerEngine> FindAsync(Machine machine, CancellationToken cancellationToken)
    {
        var docker = machine.FindProgram("docker") ?? throw new EphemeralPostgresException("docker is not on the PATH.");
        var key = $"{docker} {machine.DockerHost}";
        if (Failures.TryGetValue(key, out var failure) && Stopwatch.GetElapsedTime(failure.Since) is var ago && ago < Remembered)
            throw new EphemeralPostgresException($"{failure.Reason} (That was {ago.TotalSeconds:0} s ago; it is tried again after {Remembered.TotalSeconds} s.)");

        try
        {
            var endpoint = machine.DockerHost ?? await EndpointAsync(docker, cancellationToken).ConfigureAwait(false);
            if (IsElsewhere(endpoint))
                throw new EphemeralPostgresException($"its engine is at {endpoint}, so the ports of its containers are not on this machine's 127.0.0.1.");
            await Command.RunAsync(docker, ["version", "--format", "{{.Server.Version}}"], AnswerLimit, cancellationToken).ConfigureAwait(false);
            await PullAsync(docker, cancellationToken).ConfigureAwait(false);
            Failures.TryRemove(key, out _);
            return new(docker, endpoint);
        }
        catch (EphemeralPostgresException e)
        {
            Failures[key] = (e.Message, Stopwatch.GetTimestamp());
            throw;
        }
    }

    /// <summary>Removes the container of an instance and its data, running or not.</summary>
    /// <returns>Whether there was one.</returns>
    public static async Task<bool> RemoveContainerAsync(string docker, string name)
    {
        const string None = "No such container";
        try
        {
            var printed = await Command.RunAsync(docker, ["rm", "--force", "--volumes", name], Command.ShortLimit, CancellationToken.None).ConfigureAwait(false);
            return !printed.All.Contains(None, StringComparison.OrdinalIgnoreCase);
        }
        catch (EphemeralPostgresException e) when (e.Message.Contains(None, StringComparison.OrdinalIgnoreCase))
        {
            // Some versions of docker call that a failure.
            return false;
        }
    }

    /// <summary>Tells whether an address is that of another machine.</summary>
    public static bool IsElsewhere(string? endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && address.Scheme is "tcp" or "http" or "https" or "ssh" && !address.IsLoopback;

    /// <summary>Runs a docker command.</summary>
    public Task<Printed> RunAsync(
        IEnumerable<string> arguments, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null) =>
        Command.RunAsync(Program, arguments, Command.ShortLimit, cancellationToken, environment: environment);

    private static async Task<string?> EndpointAsync(string docker, CancellationToken cancellationToken)
    {
        try
        {
            var printed = await Command.RunAsync(
                docker, ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], AnswerLimit, cancellationToken).ConfigureAwait(false);
            return printed.Output.Trim();
        }
        catch (EphemeralPostgresException e) when (e.ExitCode is not null)
        {
            // Other programs that go by the name of docker have no contexts.
            return null;
        }
    }

    /// <summary>Fetches the image, unless this machine has it.</summary>
    private static async Task PullAsync(string docker, CancellationToken cancellationToken)
    {
        try
        {
            await Command.RunAsync(docker, ["image", "inspect", Image], Command.ShortLimit, cancellationToken).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e) when (e.ExitCode is not null)
        {
            // This is how docker says that it does not have the image.
            await Command.RunAsync(docker, ["pull", "--quiet", Image], Command.DownloadLimit, cancellationToken).ConfigureAwait(false);
        }
    }
}
