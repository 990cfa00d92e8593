using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>Says what it took to come so far.</summary>
internal static class Report
{
    private static bool _isDone;

    /// <summary>For a handler that is called one call at a time.</summary>
    public static void OnceHandled()
    {
        var now = Stopwatch.GetTimestamp();
        if (_isDone)
            return;

        _isDone = true;
        var cpu = OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() || OperatingSystem.IsWindows() ? Environment.CpuUsage.TotalTime : TimeSpan.Zero;
        Console.WriteLine(FormattableString.Invariant($"HANDLED {now} {cpu.TotalMicroseconds:0} {Environment.WorkingSet}"));
    }
}
