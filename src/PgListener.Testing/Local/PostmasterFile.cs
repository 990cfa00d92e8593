using System.Diagnostics;
using System.Globalization;

namespace PgListener.Testing;

/// <summary>What a server wrote into the <c>postmaster.pid</c> of its data folder: enough to end it without having started it.</summary>
internal sealed record PostmasterFile(string DataFolder, int ProcessId, DateTime StartedAt, int? SharedMemoryId)
{
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    /// <summary>Returns null when no server wrote the file, or removed it, or has not finished writing it.</summary>
    public static PostmasterFile? Read(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "postmaster.pid");
        if (!File.Exists(path))
            return null;
        string text;
        using (var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)))
            text = reader.ReadToEnd();
        return Parse(text, dataFolder);
    }

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
        return new(dataFolder, processId, DateTimeOffset.FromUnixTimeSeconds(started).UtcDateTime, sharedMemoryId);
    }

    /// <summary>Ends the server, if it still runs, and every process it started.</summary>
    public void EndServer()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            if (!IsOurs(process))
                return;
            // Asked, not killed, so that it removes what its processes shared.
            if (!OperatingSystem.IsWindows())
                Unix.ShutDownImmediately(ProcessId);
            if (OperatingSystem.IsWindows() || !WaitUntilGone(process))
            {
                process.Kill(entireProcessTree: true);
                WaitUntilGone(process);
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It is gone already.
        }
    }

    /// <summary>Removes the System V segment, of a few bytes, that a killed server leaves behind: a machine has only so many.</summary>
    /// <remarks>Only for a server of this process. An old file may name a number that belongs to somebody else since.</remarks>
    public void RemoveSharedMemory()
    {
        if (SharedMemoryId is { } id && !OperatingSystem.IsWindows())
            Unix.RemoveSharedMemory(id);
    }

    // Not WaitForExit: a dead process counts until its parent has noticed, and the parent of an orphan may never look.
    private bool WaitUntilGone(Process process) => SpinWait.SpinUntil(() => process.HasExited || !IsOurs(process), EndLimit);

    // The process id may have been given to another process since.
    private bool IsOurs(Process process)
    {
        if (!OperatingSystem.IsLinux())
            return process.ProcessName == "postgres" && (process.StartTime.ToUniversalTime() - StartedAt).Duration() < StartTolerance;

        try
        {
            return File.ReadAllText($"/proc/{ProcessId}/cmdline").Split('\0').Contains(DataFolder, StringComparer.Ordinal);
        }
        catch (IOException)
        {
            // It is gone.
            return false;
        }
    }
}
