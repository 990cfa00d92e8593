using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PgListener.Bench;

/// <summary>The small application whose start is measured: compiled while it runs, and natively.</summary>
internal static class StartupProgram
{
    /// <summary>The variable that holds the connection string.</summary>
    public const string ConnectionString = "PGLISTENER_BENCH_CONNECTION";

    /// <summary>What it says when it has handled a notification: when, in ticks of the machine's monotonic clock, its processor time in microseconds, and its memory in bytes.</summary>
    public const string Handled = "HANDLED ";

    private const string Project = "PgListener.Bench.Startup";
    private static readonly string Folder = Path.Combine(Repository.Results, "native");
    private static readonly string[] Linkers = ["clang", "gcc"];

    public static ProcessStartInfo StartInfo(string consumer) => OwnProgram.OfProject(Project, consumer);

    public static ProcessStartInfo NativeStartInfo(string consumer)
        => new(Path.Combine(Folder, "publish", Project, "release_" + RuntimeInformation.RuntimeIdentifier, OperatingSystem.IsWindows() ? $"{Project}.exe" : Project), [consumer]);

    /// <summary>Compiles it natively, which takes a minute or two.</summary>
    /// <returns>Why that did not work, if it did not.</returns>
    public static async Task<string?> CompileAsync(CancellationToken cancellationToken)
    {
        // On Windows and macOS the compiler finds the linker that it needs by itself.
        var linker = OperatingSystem.IsLinux() ? Array.Find(Linkers, name => Tool.Find(name) is not null) : "";
        if (linker is null)
            return $"native compilation needs {string.Join(" or ", Linkers)}";
        if (Tool.Find("dotnet") is not { } dotnet)
            return "native compilation needs the .NET SDK, and dotnet is not in PATH";

        string[] arguments =
        [
            "publish", Path.Combine(Repository.Bench, Project), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-p:BenchNative=true",
            "-p:RunAnalyzers=false", "--artifacts-path", Folder, .. linker.Length == 0 ? Array.Empty<string>() : [$"-p:CppCompilerAndLinker={linker}"],
        ];
        await Console.Error.WriteLineAsync($"Compiling {Project} natively.");
        return await Tool.RunAsync(dotnet, Repository.Bench, arguments, cancellationToken) is { } failure ? $"native compilation failed: {failure}" : null;
    }
}
