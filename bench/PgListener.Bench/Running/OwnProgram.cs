using System.Diagnostics;
using System.Reflection;

namespace PgListener.Bench;

/// <summary>How to start this program once more, or another one of the benchmark.</summary>
internal static class OwnProgram
{
    public static ProcessStartInfo StartInfo(params IEnumerable<string> arguments) => Of(Assembly.GetEntryAssembly()!.Location, arguments);

    /// <summary>Starts a program of another project, which is built in the same configuration as this one.</summary>
    public static ProcessStartInfo OfProject(string project, params IEnumerable<string> arguments)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        return Of(Path.Combine(Repository.Bench, project, "bin", framework.Parent!.Name, framework.Name, $"{project}.dll"), arguments);
    }

    private static ProcessStartInfo Of(string library, IEnumerable<string> arguments)
    {
        // Started as "dotnet PgListener.Bench.dll", the program's own file has to be named again.
        var path = Environment.ProcessPath!;
        var isHost = Path.GetFileNameWithoutExtension(path) == "dotnet";
        return isHost ? new(path, [library, .. arguments]) : new(Path.ChangeExtension(library, OperatingSystem.IsWindows() ? ".exe" : null), arguments);
    }
}
