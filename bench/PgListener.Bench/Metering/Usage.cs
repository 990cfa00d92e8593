using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>What the process has used up to a moment.</summary>
internal readonly record struct Usage(long Timestamp, TimeSpan Cpu, long Allocated, int Gen0, int Gen1, int Gen2, TimeSpan Pauses, long Switches)
{
    /// <summary>At the beginning of a span: what costs something itself is looked at first.</summary>
    public static Usage Begin()
    {
        var switches = ContextSwitches.Voluntary();
        var (gen0, gen1, gen2, pauses) = (GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2), GC.GetTotalPauseDuration());
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        return new(Stopwatch.GetTimestamp(), ProcessorTime(), allocated, gen0, gen1, gen2, pauses, switches);
    }

    /// <summary>At its end: last.</summary>
    public static Usage End()
    {
        var (timestamp, cpu, allocated) = (Stopwatch.GetTimestamp(), ProcessorTime(), GC.GetTotalAllocatedBytes(precise: true));
        return new(timestamp, cpu, allocated, GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2), GC.GetTotalPauseDuration(), ContextSwitches.Voluntary());
    }

    /// <summary>User and system time of all threads.</summary>
    public static TimeSpan ProcessorTime()
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() || OperatingSystem.IsWindows())
            return Environment.CpuUsage.TotalTime;
        return TimeSpan.Zero;
    }
}
