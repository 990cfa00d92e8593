using System.Diagnostics;
using System.Globalization;

namespace PgListener.Testing;

/// <summary>What a server wrote into the <c>postmaster.pid</c> of its data folder: enough to end it without having started it.</summary>
internal sealed record PostmasterFile(string DataFolder, int ProcessId, DateTime StartedAt, bool Listens, int? SharedMemoryId)
{
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    /// <summary>Returns null when no server wrote the file, or removed it, or has not finished writing it.</summary>
    public static PostmasterFile? Read(string dataFolder) =>
        PrivateFile.Read(Path.Combine(dataFolder, "postmaster.pid")) is { } text ? Parse(text, dataFolder) : null;

    // Lines: process id, data folder, start (seconds since 1970), port, socket folder, listen address, shared memory key and id, status.
    public static PostmasterFile? Parse(string text, string dataFolder)
    {
        var lines = text.Split('\n');
        if (lines.Length < 3
            || !int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId)
            || !long.TryParse(lines[2], CultureInfo.InvariantCulture, out var started))
        {
            return null;
        }

        var sharedMemory = lines.Length > 6 ? lines[6].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        int? sharedMemoryId = sharedMemory.Length == 2 && int.TryParse(sharedMemory[1], CultureInfo.InvariantCulture, out var id) ? id : null;
        var listens = lines.Length > 6 && lines[5].Trim().Length > 0;
        return new(dataFolder, processId, DateTimeOffset.FromUnixTimeSeconds(started).UtcDateTime, listens, sharedMemoryId);
    }

    /// <summary>Ends the server, if it still runs, and every process it started.</summary>
    /// <param name="user">The user it runs as, who may have written anything into the file; null for the user we are.</param>
    public void EndServer(ServerUser? user)
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            if (!IsOurs(process, user))
                return;
            // Asked, not killed, so that it removes what its processes shared.
            if (!OperatingSystem.IsWindows())
                Unix.ShutDownImmediately(ProcessId);
            if (OperatingSystem.IsWindows() || !WaitUntilGone(process, user))
            {
                process.Kill(entireProcessTree: true);
                WaitUntilGone(process, user);
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It is gone already.
        }
    }

    /// <summary>Removes the System V segment, of a few bytes, that a killed server leaves behind: a machine has only so many.</summary>
    /// <param name="processId">The process that made it. An old or a forged file may contain the number of another process.</param>
    public void RemoveSharedMemory(int processId)
    {
        if (SharedMemoryId is { } id && !OperatingSystem.IsWindows() && (!OperatingSystem.IsLinux() ? ProcessId == processId : IsMadeBy(id, processId)))
            Unix.RemoveSharedMemory(id);
    }

    // Columns: key, id, permissions, size, process that made it, ...
    private static bool IsMadeBy(int id, int processId) => File.ReadLines("/proc/sysvipc/shm").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Any(columns => columns[1] == id.ToString(CultureInfo.InvariantCulture) && columns[4] == processId.ToString(CultureInfo.InvariantCulture));

    // Not WaitForExit: a dead process counts until its parent has noticed, and the parent of an orphan may never look.
    private bool WaitUntilGone(Process process, ServerUser? user) => SpinWait.SpinUntil(() => process.HasExited || !IsOurs(process, user), EndLimit);

    // The process id may have been given to another process since.
    private bool IsOurs(Process process, ServerUser? user)
    {
        if (!OperatingSystem.IsLinux())
            return process.ProcessName == "postgres" && (process.StartTime.ToUniversalTime() - StartedAt).Duration() < StartTolerance;

        try
        {
            return FileFacts.Of($"/proc/{ProcessId}")?.Owner == (user?.UserId ?? Unix.UserId)
                && File.ReadAllText($"/proc/{ProcessId}/cmdline").Split('\0').Contains(DataFolder, StringComparer.Ordinal);
        }
        catch (IOException)
        {
            // It is gone.
            return false;
        }
    }
}
