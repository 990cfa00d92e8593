using System.ComponentModel;
using System.Diagnostics;

namespace PgListener.Testing;

/// <summary>Runs other programs, never through a shell, and without the environment variables that PostgreSQL's own programs read.</summary>
internal static class Command
{
    /// <summary>The time limit of what normally takes milliseconds.</summary>
    public static readonly TimeSpan ShortLimit = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan DownloadLimit = TimeSpan.FromMinutes(5);

    /// <summary>Runs a program to its end and returns what it printed. A non-zero exit code is an exception with what it printed.</summary>
    /// <exception cref="EphemeralPostgresException">The program could not be run, failed, or took too long.</exception>
    public static async Task<Printed> RunAsync(
        string program,
        IEnumerable<string> arguments,
        TimeSpan limit,
        CancellationToken cancellationToken,
        ServerUser? user = null,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        var start = Describe(program, arguments, user, environment);
        start.RedirectStandardInput = true;
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await GiveAsync(process, input).ConfigureAwait(false);
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
            var printed = new Printed(await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
            return process.ExitCode == 0
                ? printed
                : throw new EphemeralPostgresException($"{program} ended with exit code {process.ExitCode}:\n{printed.All}".TrimEnd()) { ExitCode = process.ExitCode };
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new EphemeralPostgresException($"{program} did not end within {limit.TotalSeconds} s.", e);
        }
    }

    /// <summary>Describes how to start a program.</summary>
    /// <remarks>
    /// It starts in the root folder, which every user can enter. <c>PGHOST</c>, <c>PGSERVICE</c> and the like are meant for other
    /// servers. The programs print in English, so that their output can be parsed.
    /// </remarks>
    public static ProcessStartInfo Describe(
        string program,
        IEnumerable<string> arguments,
        ServerUser? user = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        if (!OperatingSystem.IsWindows())
            start.WorkingDirectory = "/";
        if (user is not null)
            start.UserName = user.Name;
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            start.Environment[name] = value;
        return start;
    }

    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            var user = start.UserName.Length > 0 ? $" as user {start.UserName}, who must be able to read it" : "";
            throw new EphemeralPostgresException($"{start.FileName} could not be run{user}: {e.Message}", e);
        }
    }

    private static async Task GiveAsync(Process process, string? input)
    {
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading. What it printed, and its exit code, say why.
        }
    }
}
