using System.Diagnostics;

namespace PgListener.Dashboard;

/// <summary>Identifies this instance of the application.</summary>
internal sealed record ProcessInfo(string Machine, int Id, DateTimeOffset StartedAt)
{
    private static readonly Lazy<ProcessInfo> Own = new(() =>
    {
        using var process = Process.GetCurrentProcess();
        return new(Environment.MachineName, Environment.ProcessId, new DateTimeOffset(process.StartTime).ToUniversalTime());
    });

    public static ProcessInfo Current => Own.Value;
}
