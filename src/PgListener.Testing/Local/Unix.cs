using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace PgListener.Testing;

/// <summary>The two system calls .NET does not offer.</summary>
[UnsupportedOSPlatform("windows")]
internal static class Unix
{
    private const int RemoveId = 0;
    private const int NoSuchProcess = 3;
    private const int Quit = 3;

    /// <summary>Stops a process where it stands, or lets it go on.</summary>
    public static void SetPaused(int processId, bool paused)
    {
        var (stop, proceed) = OperatingSystem.IsLinux() ? (19, 18) : (17, 19);
        Signal(processId, paused ? stop : proceed);
    }

    /// <summary>Asks a PostgreSQL server for its "immediate" shutdown.</summary>
    public static void ShutDownImmediately(int processId) => Signal(processId, Quit);

    /// <summary>Removes a System V shared memory segment, if it exists.</summary>
    public static void RemoveSharedMemory(int id) => _ = SharedMemoryControl(id, RemoveId, 0);

    private static void Signal(int processId, int signal)
    {
        if (Kill(processId, signal) != 0 && Marshal.GetLastPInvokeError() is var error && error != NoSuchProcess)
            throw new EphemeralPostgresException($"Process {processId} could not be signalled: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);

    [DllImport("libc", EntryPoint = "shmctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SharedMemoryControl(int id, int command, nint buffer);
}
