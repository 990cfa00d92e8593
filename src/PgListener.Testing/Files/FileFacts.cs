using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

namespace PgListener.Testing;

/// <summary>The owner, the kind and the permissions of a path itself. A link is not followed.</summary>
/// <param name="Owner">The user it belongs to.</param>
/// <param name="Mode">The kind and the permissions, as <c>st_mode</c> has them.</param>
[UnsupportedOSPlatform("windows")]
internal sealed record FileFacts(uint Owner, uint Mode)
{
    private const uint KindMask = 0xF000;
    private const uint FolderKind = 0x4000;
    private const uint FileKind = 0x8000;
    private const uint WritableByOthers = 0b000_010_010;
    private const uint WritableByAnybody = 0b000_000_010;
    private const uint Sticky = 0x200;
    private const int BufferSize = 512;
    private const int CurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const uint TypeModeAndOwner = 0x1 | 0x2 | 0x8;

    public bool IsFolder => (Mode & KindMask) == FolderKind;

    public bool IsFile => (Mode & KindMask) == FileKind;

    /// <summary>Gets a value indicating whether this user, or root, owns it, and no other user may write to it.</summary>
    public bool IsOursAlone => (Owner == Unix.UserId || Owner == 0) && (Mode & WritableByOthers) == 0;

    /// <summary>Gets a value indicating whether every user may replace what is in this folder.</summary>
    public bool LetsAnybodyReplace => (Mode & WritableByAnybody) != 0 && (Mode & Sticky) == 0;

    /// <summary>Returns the facts, or null when there is nothing at the path, or it cannot be looked at.</summary>
    public static FileFacts? Of(string path)
    {
        var name = Encoding.UTF8.GetBytes(path + '\0');
        var buffer = new byte[BufferSize];
        if (OperatingSystem.IsLinux())
        {
            // struct statx: the same on every architecture, which struct stat is not.
            return Statx(CurrentFolder, name, DoNotFollow, TypeModeAndOwner, buffer) == 0
                ? new(BitConverter.ToUInt32(buffer, 20), BitConverter.ToUInt16(buffer, 28))
                : null;
        }

        // struct stat of macOS with 64 bit inodes.
        var result = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatOfIntelMac(name, buffer) : StatOfMac(name, buffer);
        return result == 0 ? new(BitConverter.ToUInt32(buffer, 16), BitConverter.ToUInt16(buffer, 4)) : null;
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, byte[] path, int flags, uint mask, byte[] buffer);

    [DllImport("libc", EntryPoint = "lstat", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatOfMac(byte[] path, byte[] buffer);

    [DllImport("libc", EntryPoint = "lstat$INODE64", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatOfIntelMac(byte[] path, byte[] buffer);
}
