using System.Globalization;
using System.Text;

namespace PgListener.Testing;

/// <summary>The place of one server: a folder under the temp folder that only this user can write to.</summary>
/// <remarks>
/// <para>
/// In it, its owner keeps a file locked. When another process can lock it, the owner has died, and what it left may be removed. A lock
/// is used rather than a process id, which the system reuses.
/// </para>
/// <para>
/// The temp folder is shared. So the folder is created by the one system call that never takes an existing one, and other users'
/// files beside it are ignored. For root, the server runs as another user, who owns the folder <c>server</c> in it and
/// nothing else; everything that has to be done in that folder is done as that user.
/// </para>
/// </remarks>
internal sealed class Instance : IDisposable
{
    private const string Prefix = "pglistener-pg-";
    private const int Attempts = 10;
    private static readonly TimeSpan Unowned = TimeSpan.FromMinutes(1);
    private readonly FileStream _lock;

    private Instance(FileStream heldLock, string folder, ServerUser? user)
    {
        _lock = heldLock;
        Folder = folder;
        User = user;
    }

    public string Folder { get; }

    /// <summary>Gets the user the server runs as; null for the user we are.</summary>
    public ServerUser? User { get; }

    public string Name => Path.GetFileName(Folder);

    public string DataFolder => Path.Combine(ServerFolder, "data");

    /// <summary>Gets the file whose presence says that the server is a container of this name.</summary>
    public string ContainerMark => Path.Combine(Folder, "container");

    private string ServerFolder => Path.Combine(Folder, "server");

    /// <summary>Creates the place of a new server.</summary>
    /// <param name="root">The temp folder.</param>
    /// <param name="user">The user the server will run as; null for the user we are.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="EphemeralPostgresException">No folder could be made. The message names the folder that is in the way.</exception>
    public static async Task<Instance> CreateAsync(string root, ServerUser? user, CancellationToken cancellationToken)
    {
        try
        {
            return await Patience.TryAsync(() => Task.FromResult(Create(root, user)), cancellationToken).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e) when (e.IsPermissionDenied)
        {
            throw new EphemeralPostgresException($"{e.Message} {await ClosedFolder.DescribeAsync(root, user: null, cancellationToken).ConfigureAwait(false)}", e);
        }
    }

    /// <summary>Takes over, one by one, the instances of this user whose owner is gone.</summary>
    public static async IAsyncEnumerable<Instance> TakeAbandonedAsync(string root)
    {
        foreach (var folder in FoldersIn(root))
        {
            if (!IsOurs(folder))
                continue;

            var file = OwnerFile(folder);
            if (FileLock.TryTake(file, FileMode.Open) is { } heldLock)
            {
                // Another process may have removed it just before we could lock it.
                if (File.Exists(file))
                    yield return new(heldLock, folder, await ReadUserAsync(heldLock).ConfigureAwait(false));
                else
                    await heldLock.DisposeAsync().ConfigureAwait(false);
            }
            else if (!File.Exists(file) && DateTime.UtcNow - Directory.GetLastWriteTimeUtc(folder) > Unowned)
            {
                // Its owner died between two system calls. There is nothing in it.
                TryDelete(() => Directory.Delete(folder));
            }
        }
    }

    /// <summary>Creates a file in the folder that only the server can read.</summary>
    /// <returns>Its path.</returns>
    public string AddSecret(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.Delete(path);
        PrivateFile.Create(path, text, User);
        return path;
    }

    /// <summary>Deletes what a server or an unfinished start has left in the data folder.</summary>
    public async Task DeleteDataAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() ? !Directory.Exists(DataFolder) : FileFacts.Of(DataFolder) is null)
            return;
        if (User is null)
        {
            Directory.Delete(DataFolder, recursive: true);
            return;
        }

        await Command.RunAsync("rm", ["-rf", "--", DataFolder], Command.ShortLimit, cancellationToken, User).ConfigureAwait(false);
    }

    /// <summary>Deletes the folder and gives the instance up. What cannot be deleted now is left for the next start to clear.</summary>
    public void Remove()
    {
        var removed = TryDelete(() =>
        {
            DeleteDataAsync(CancellationToken.None).GetAwaiter().GetResult();
            if (Directory.Exists(ServerFolder))
                Directory.Delete(ServerFolder);
            foreach (var file in Directory.EnumerateFiles(Folder).Where(file => file != _lock.Name))
                File.Delete(file);
        });

        // The lock's file goes last: while it is there, the next start tries again.
        Dispose();
        if (removed)
        {
            TryDelete(() =>
            {
                File.Delete(_lock.Name);
                Directory.Delete(Folder);
            });
        }
    }

    /// <summary>Releases the lock and changes nothing else.</summary>
    public void Dispose() => _lock.Dispose();

    private static Instance Create(string root, ServerUser? user)
    {
        // A name that we chose is taken only if another process that clears took it just before we could lock it.
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var folder = Path.Combine(root, Prefix + Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture));
            if (!MakeFolder(folder, root) || FileLock.TryTake(OwnerFile(folder), FileMode.CreateNew) is not { } heldLock)
                continue;

            heldLock.Write(Encoding.UTF8.GetBytes($"{Environment.ProcessId}\n{user?.Name}\n"));
            heldLock.Flush();
            var instance = new Instance(heldLock, folder, user);
            try
            {
                instance.LetServerIn();
                return instance;
            }
            catch
            {
                instance.Remove();
                throw;
            }
        }

        throw new EphemeralPostgresException($"No folder for the server's data could be created in {root}.");
    }

    private static bool MakeFolder(string folder, string root)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!Directory.Exists(root))
                throw new EphemeralPostgresException($"The temp folder {root} does not exist.");
            Directory.CreateDirectory(folder);
            return true;
        }

        return Unix.MakePrivateFolder(folder) switch
        {
            0 => true,
            Unix.AlreadyExists => false,
            Unix.NoSuchEntry => throw new EphemeralPostgresException($"The temp folder {root} does not exist. Create it, or set TMPDIR to a folder that exists."),
            var error => throw new EphemeralPostgresException($"No folder can be created in the temp folder {root}: {Unix.ErrorText(error)}."),
        };
    }

    private void LetServerIn()
    {
        Directory.CreateDirectory(ServerFolder);
        if (OperatingSystem.IsWindows())
            return;

        File.SetUnixFileMode(ServerFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (User is null)
            return;

        // Past this folder to its own, and no more: it can neither list nor change it.
        Unix.GiveTo(ServerFolder, User.UserId, User.GroupId);
        Unix.GiveTo(Folder, userId: null, User.GroupId);
        File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
    }

    private static bool IsOurs(string folder) => OperatingSystem.IsWindows()
        || (FileFacts.Of(folder) is { IsFolder: true, IsOursAlone: true } facts && facts.Owner == Unix.UserId);

    private static string OwnerFile(string folder) => Path.Combine(folder, "owner");

    private static string[] FoldersIn(string root)
    {
        try
        {
            return Directory.GetDirectories(root, Prefix + "*");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is not there, or may not be listed. Making a folder in it says so, if it matters.
            return [];
        }
    }

    private static async Task<ServerUser?> ReadUserAsync(FileStream heldLock)
    {
        using var reader = new StreamReader(heldLock, leaveOpen: true);
        var lines = (await reader.ReadToEndAsync(CancellationToken.None).ConfigureAwait(false)).Split('\n');
        return lines is [_, { Length: > 0 } name, ..] && !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess
            ? await ServerUser.OfNameAsync(name, CancellationToken.None).ConfigureAwait(false)
            : null;
    }

    private static bool TryDelete(Action delete)
    {
        try
        {
            delete();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EphemeralPostgresException)
        {
            // A virus scanner, or a process on its way out, still holds a file. The next start tries again.
            return false;
        }
    }
}
