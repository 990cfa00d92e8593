namespace PgListener.Testing;

/// <summary>Small files that are exchanged with a server: other users cannot read what is written, and nothing can block the reading.</summary>
internal static class PrivateFile
{
    private const int Longest = 4096;

    /// <summary>Creates a file that only its owner can read. An existing one, a link in particular, is an error.</summary>
    /// <param name="path">Where.</param>
    /// <param name="text">What is in it.</param>
    /// <param name="owner">Who may read it; null for the user we are.</param>
    public static void Create(string path, string text, ServerUser? owner)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        if (owner is not null && !OperatingSystem.IsWindows())
            Unix.GiveTo(file.SafeFileHandle, owner.UserId, owner.GroupId);
        using var writer = new StreamWriter(file);
        writer.Write(text);
    }

    /// <summary>Reads the beginning of a file that another user may have put there: no link is followed, and a pipe is not waited for.</summary>
    /// <returns>Its text; <see langword="null"/> if there is no ordinary file that this user may read.</returns>
    public static string? Read(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
                return reader.ReadToEnd();
            }

            if (FileFacts.Of(path) is not { IsFile: true } || Unix.OpenWithoutWaiting(path) is not { } handle)
                return null;
            using (handle)
            {
                var bytes = new byte[Longest];
                return System.Text.Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, 0));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }
}
