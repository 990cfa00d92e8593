using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PgListener.Testing;

/// <summary>The system calls that .NET does not offer.</summary>
[UnsupportedOSPlatform("windows")]
internal static class Unix
{
    public const int NoSuchEntry = 2;
    public const int NoSuchProcess = 3;
    public const int PermissionDenied = 13;
    public const int AlreadyExists = 17;
    private const int RemoveId = 0;
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const int MayExecute = 1;
    private const int NotBlocking = 0x800;
    private const int NotBlockingOnMac = 0x4;
    private const uint Unchanged = uint.MaxValue;

    /// <summary>Gets the user this process acts as.</summary>
    public static uint UserId => EffectiveUserId();

    /// <summary>Freezes a process, or resumes it.</summary>
    /// <returns><see langword="false"/> if there is no such process.</returns>
    public static bool SetPaused(int processId, bool paused)
    {
        var (stop, proceed) = OperatingSystem.IsLinux() ? (19, 18) : (17, 19);
        return Signal(processId, paused ? stop : proceed);
    }

    /// <summary>Tells whether a process is gone, or only waits for its parent to ask for its exit code.</summary>
    public static bool HasEnded(int processId)
    {
        if (!OperatingSystem.IsLinux())
            return Kill(processId, 0) != 0 && Marshal.GetLastPInvokeError() == NoSuchProcess;

        try
        {
            var status = File.ReadAllText($"/proc/{processId}/stat");
            return status[status.LastIndexOf(')')..].StartsWith(") Z", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // There is no such process any more.
            return true;
        }
    }

    /// <summary>Asks a PostgreSQL server for its "fast" shutdown.</summary>
    public static void ShutDownFast(int processId) => Signal(processId, Interrupt);

    /// <summary>Asks a PostgreSQL server for its "immediate" shutdown.</summary>
    public static void ShutDownImmediately(int processId) => Signal(processId, Quit);

    /// <summary>Removes a System V shared memory segment, if it exists and this user may.</summary>
    public static void RemoveSharedMemory(int id) => _ = SharedMemoryControl(id, RemoveId, 0);

    /// <summary>Makes a folder that only this user may enter. It never takes a folder, file or link that is there already.</summary>
    /// <returns>Zero, or the number of the error.</returns>
    public static int MakePrivateFolder(string path) => MakeFolder(Text(path), 0b111_000_000) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Gives a file or folder to a user. A link is not followed.</summary>
    public static void GiveTo(string path, uint? userId, uint groupId)
    {
        if (ChangeOwner(Text(path), userId ?? Unchanged, groupId) != 0)
            throw Failure($"The owner of {path} could not be set");
    }

    /// <summary>Gives an open file to a user.</summary>
    public static void GiveTo(SafeFileHandle file, uint userId, uint groupId)
    {
        if (ChangeOwner(file, userId, groupId) != 0)
            throw Failure("The owner of a file could not be set");
    }

    /// <summary>Tells whether this user may run a program, or enter a folder. Links are followed.</summary>
    public static bool MayRunOrEnter(string path) => Access(Text(path), MayExecute) == 0;

    /// <summary>Opens a file for reading without waiting for a writer, as opening a named pipe would.</summary>
    /// <returns>The open file, or <see langword="null"/> if there is none that this user may read.</returns>
    public static SafeFileHandle? OpenWithoutWaiting(string path)
    {
        var handle = Open(Text(path), OperatingSystem.IsLinux() ? NotBlocking : NotBlockingOnMac);
        return handle < 0 ? null : new SafeFileHandle(handle, ownsHandle: true);
    }

    public static string ErrorText(int error) => Marshal.GetPInvokeErrorMessage(error);

    private static bool Signal(int processId, int signal)
    {
        if (Kill(processId, signal) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == NoSuchProcess ? false : throw Failure($"Process {processId} could not be signalled");
    }

    private static EphemeralPostgresException Failure(string what) => new($"{what}: {ErrorText(Marshal.GetLastPInvokeError())}.");

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint EffectiveUserId();

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);

    [DllImport("libc", EntryPoint = "shmctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SharedMemoryControl(int id, int command, nint buffer);

    [DllImport("libc", EntryPoint = "mkdir", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MakeFolder(byte[] path, uint mode);

    [DllImport("libc", EntryPoint = "lchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeOwner(byte[] path, uint userId, uint groupId);

    [DllImport("libc", EntryPoint = "fchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeOwner(SafeFileHandle file, uint userId, uint groupId);

    [DllImport("libc", EntryPoint = "access", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Access(byte[] path, int mode);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
