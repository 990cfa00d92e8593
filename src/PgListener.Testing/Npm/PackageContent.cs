using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.Versioning;
using System.Text.Json;

namespace PgListener.Testing;

/// <summary>Takes apart a package whose hash was checked.</summary>
internal static class PackageContent
{
    private const string Top = "package/";
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Extracts the files into a folder, so that the user whom root starts the server as can read them too.</summary>
    public static async Task ExtractAsync(Stream package, string folder, CancellationToken cancellationToken)
    {
        var unzipped = new GZipStream(package, CompressionMode.Decompress, leaveOpen: true);
        await using (unzipped.ConfigureAwait(false))
        {
            var reader = new TarReader(unzipped, leaveOpen: true);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
                {
                    if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && entry.Name.StartsWith(Top, StringComparison.Ordinal))
                        await ExtractAsync(entry, folder, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        CreateLinks(folder);
        if (!OperatingSystem.IsWindows())
            MakeReadableForAll(folder, Path.Combine(folder, "native", "bin"));
    }

    private static async Task ExtractAsync(TarEntry entry, string folder, CancellationToken cancellationToken)
    {
        var path = Inside(folder, entry.Name[Top.Length..]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await entry.ExtractToFileAsync(path, overwrite: false, cancellationToken).ConfigureAwait(false);
    }

    // npm packages cannot hold symbolic links: the package lists them, for a script that we do not run.
    private static void CreateLinks(string folder)
    {
        var list = Path.Combine(folder, "native", "pg-symlinks.json");
        if (!File.Exists(list))
            return;

        using var links = JsonDocument.Parse(File.ReadAllBytes(list));
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var path = Inside(folder, link.GetProperty("target").GetString()!);
            var pointsTo = Inside(folder, link.GetProperty("source").GetString()!);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (OperatingSystem.IsWindows())
                File.Copy(pointsTo, path, overwrite: true);
            else
                File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, pointsTo));
        }
    }

    private static string Inside(string folder, string name)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name));
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new EphemeralPostgresException($"The package has a file outside of its folder: {name}.");
    }

    [UnsupportedOSPlatform("windows")]
    private static void MakeReadableForAll(string folder, string programs)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            if (entry.LinkTarget is null)
                entry.UnixFileMode = entry is DirectoryInfo || Path.GetDirectoryName(entry.FullName) == programs ? Executable : Readable;
        }
    }
}
