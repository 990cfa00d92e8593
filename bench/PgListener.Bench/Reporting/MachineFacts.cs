using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Npgsql;

namespace PgListener.Bench;

/// <summary>Where and with what was measured.</summary>
internal sealed record MachineFacts(
    DateTimeOffset Date, string Mode, int Cores, string Processor, string System, string LoadBefore, string Runtime, string Npgsql, string PostgreSql, string PgListener)
{
    public static MachineFacts Of(Version postgreSql, RunMode mode) => new(
        DateTimeOffset.UtcNow,
        mode == RunMode.Full ? "full" : "quick",
        Environment.ProcessorCount,
        FindProcessor(),
        RuntimeInformation.OSDescription,
        FindLoad(),
        RuntimeInformation.FrameworkDescription,
        VersionOf(typeof(NpgsqlConnection)),
        postgreSql.ToString(),
        VersionOf(typeof(Listener)));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Date:yyyy-MM-dd HH:mm} UTC, {Mode} run; {Cores} cores ({Processor}), {System}, load average before {LoadBefore}; {Runtime}, Npgsql {Npgsql}, PostgreSQL {PostgreSql}, PgListener {PgListener}");

    private static string VersionOf(Type type)
        => type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "?";

    /// <summary>How busy the machine was without this: above a tenth of its cores, the figures are not to be trusted.</summary>
    private static string FindLoad()
    {
        const string File = "/proc/loadavg";
        return global::System.IO.File.Exists(File) ? global::System.IO.File.ReadAllText(File).Split(' ')[0] : "unknown";
    }

    private static string FindProcessor()
    {
        const string File = "/proc/cpuinfo";
        const string Label = "model name";
        var line = global::System.IO.File.Exists(File)
            ? global::System.IO.File.ReadLines(File).FirstOrDefault(line => line.StartsWith(Label, StringComparison.Ordinal))
            : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
