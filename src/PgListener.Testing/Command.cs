using System.ComponentModel;
using System.Diagnostics;

namespace PgListener.Testing;

/// <summary>Runs other programs, never through a shell.</summary>
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
        string? user = null,
        string? workingFolder = null)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        using var process = Start(Describe(program, arguments, user, workingFolder));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
            var printed = new Printed(await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
            if (process.ExitCode != 0)
                throw new EphemeralPostgresException($"{program} ended with exit code {process.ExitCode}:\n{printed.All}".TrimEnd());
            return printed;
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new EphemeralPostgresException($"{program} did not end within {limit.TotalSeconds} s.", e);
        }
    }

    public static ProcessStartInfo Describe(string program, IEnumerable<string> arguments, string? user, string? workingFolder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        if (user is not null)
            start.UserName = user;
        if (workingFolder is not null)
            start.WorkingDirectory = workingFolder;
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
}
