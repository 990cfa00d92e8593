using System.Diagnostics;
using System.Reflection;

namespace PgListener.Bench;

/// <summary>How to start this program once more.</summary>
internal static class OwnProgram
{
    public static ProcessStartInfo StartInfo(params IEnumerable<string> arguments)
    {
        // Started as "dotnet PgListener.Bench.dll", the program's own file has to be named again.
        var path = Environment.ProcessPath!;
        var isHost = Path.GetFileNameWithoutExtension(path) == "dotnet";
        return isHost ? new(path, [Assembly.GetEntryAssembly()!.Location, .. arguments]) : new(path, arguments);
    }
}
