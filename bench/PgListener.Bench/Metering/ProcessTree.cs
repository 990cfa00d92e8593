using System.Globalization;

namespace PgListener.Bench;

/// <summary>What the processes of a server have used.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of a process and its children, also of those children that have ended; 0 where the system does not say.</summary>
    public static TimeSpan ProcessorTime(int processId)
    {
        if (!OperatingSystem.IsLinux())
            return TimeSpan.Zero;

        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
            ticks += TicksOf(folder, processId);
        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    private static long TicksOf(string folder, int parent)
    {
        string[] fields;
        try
        {
            // The second field is the program's name in parentheses, which may contain spaces; the state is the first one after it.
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            // The process has ended meanwhile, and is in the sum of its parent.
            return 0;
        }

        var isParent = Path.GetFileName(folder) == parent.ToString(CultureInfo.InvariantCulture);
        if (!isParent && fields[1] != parent.ToString(CultureInfo.InvariantCulture))
            return 0;

        const int User = 11;
        var upTo = isParent ? 4 : 2;
        return fields.Skip(User).Take(upTo).Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
    }
}
