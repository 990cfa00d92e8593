using System.Globalization;

namespace PgListener.Bench;

/// <summary>How often threads of this process have gone to sleep, which is also how often they were woken.</summary>
internal static class ContextSwitches
{
    private const string Label = "voluntary_ctxt_switches:";

    /// <summary>The sum over the threads that there are; 0 where the system does not say.</summary>
    public static long Voluntary()
    {
        if (!OperatingSystem.IsLinux())
            return 0;

        var sum = 0L;
        foreach (var thread in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                var line = File.ReadLines(Path.Combine(thread, "status")).FirstOrDefault(line => line.StartsWith(Label, StringComparison.Ordinal));
                sum += long.Parse(line.AsSpan(Label.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or FormatException)
            {
                // The thread has ended meanwhile.
            }
        }

        return sum;
    }
}
