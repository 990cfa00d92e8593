namespace PgListener.Testing;

/// <summary>Folders that every user may read and only this user may write to, so that programs can be run from there.</summary>
internal static class PrivateTree
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Makes a folder, or checks the one that is there.</summary>
    /// <exception cref="EphemeralPostgresException">Another user owns it, or may change its content.</exception>
    public static void Create(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        var error = Unix.MakePrivateFolder(folder);
        if (error is not (0 or Unix.AlreadyExists))
            throw new EphemeralPostgresException($"the folder {folder} cannot be created: {Unix.ErrorText(error)}.");
        CheckAbove(folder);
        CheckOne(folder, isFolder: true);
        File.SetUnixFileMode(folder, Mode);
    }

    /// <summary>Checks that what is in a folder was put there by this user, or root.</summary>
    /// <param name="top">A folder that <see cref="Create"/> has made.</param>
    /// <param name="programs">A folder below it, with the programs that are about to be run.</param>
    /// <exception cref="EphemeralPostgresException">Another user may have put it there.</exception>
    public static void Check(string top, string programs)
    {
        if (OperatingSystem.IsWindows())
            return;

        CheckAbove(top);
        for (var folder = programs; folder.Length >= top.Length; folder = Path.GetDirectoryName(folder)!)
            CheckOne(folder, isFolder: true);
        foreach (var program in Directory.EnumerateFiles(programs))
        {
            if (new FileInfo(program).LinkTarget is null)
                CheckOne(program, isFolder: false);
        }
    }

    // Those who may rename what is in a folder above could put another one in its place.
    private static void CheckAbove(string top)
    {
        for (var folder = Path.GetDirectoryName(top); folder is not null && !OperatingSystem.IsWindows(); folder = Path.GetDirectoryName(folder))
        {
            if (FileFacts.Of(folder) is { LetsAnybodyReplace: true })
                throw new EphemeralPostgresException($"{folder} lets every user replace {top}, so nothing is run from there.");
        }
    }

    private static void CheckOne(string path, bool isFolder)
    {
        if (!OperatingSystem.IsWindows() && (FileFacts.Of(path) is not { IsOursAlone: true } facts || (isFolder ? !facts.IsFolder : !facts.IsFile)))
        {
            throw new EphemeralPostgresException(
                $"{path} does not belong to user {Environment.UserName} alone, so nothing is run from there. Remove it, or set XDG_CACHE_HOME to a folder of yours.");
        }
    }
}
