using System.Diagnostics;

namespace PgListener.TestServer;

/// <summary>Starts child processes, the SDK above all, without what the running build would hand down to them.</summary>
public static class ChildProcess
{
    /// <summary>The SDK's command that runs these tests.</summary>
    public static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";

    /// <summary>The folder of the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Starts a process whose standard output is read by the caller.</summary>
    public static Process Start(string command, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var info = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = folder ?? "" };
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            info.Environment.Remove(name);
        info.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
            info.Environment[name] = value;
        return Process.Start(info)!;
    }

    /// <summary>Runs a command of the SDK to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message is what it printed.</exception>
    public static async Task<string> DotnetAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null, CancellationToken cancellationToken = default)
    {
        using var process = Start(Dotnet, arguments, environment, folder);
        try
        {
            var printed = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return process.ExitCode == 0 ? printed : throw new InvalidOperationException($"The exit code is {process.ExitCode}.{Environment.NewLine}{printed}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PgListener.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
