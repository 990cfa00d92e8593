using System.Globalization;
using System.Text;

namespace PgListener.Testing;

/// <summary>
/// The place of one server under the temp folder: a folder for its data, and beside it a file that its owner keeps locked.
/// A file that can be locked by somebody else belongs to an owner that died: what it left may be cleared.
/// </summary>
/// <remarks>A lock rather than a process id, which the system gives to another process sooner or later.</remarks>
internal sealed class Instance : IDisposable
{
    private const string Prefix = "pglistener-pg-";
    private const string LockExtension = ".owner";
    private readonly FileStream _lock;

    private Instance(FileStream heldLock)
    {
        _lock = heldLock;
        Folder = Path.ChangeExtension(heldLock.Name, null);
    }

    public string Folder { get; }

    public string Name => Path.GetFileName(Folder);

    public string DataFolder => Path.Combine(Folder, "data");

    /// <summary>Gets the file whose presence says that the server is a container of this name.</summary>
    public string ContainerMark => Path.Combine(Folder, "container");

    public static Instance Create(string root)
    {
        // A name of our own choosing is taken only if somebody who clears took it in the moment before we could lock it.
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var name = Prefix + Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
            if (FileLock.TryTake(Path.Combine(root, name + LockExtension), FileMode.CreateNew) is { } heldLock)
            {
                heldLock.Write(Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
                heldLock.Flush();
                var instance = new Instance(heldLock);
                Directory.CreateDirectory(instance.Folder);
                return instance;
            }
        }

        throw new EphemeralPostgresException($"No folder for the server's data could be made in {root}.");
    }

    /// <summary>Takes over, one by one, the instances whose owner is gone.</summary>
    public static IEnumerable<Instance> TakeAbandoned(string root)
    {
        foreach (var path in Directory.EnumerateFiles(root, $"{Prefix}*{LockExtension}"))
        {
            if (FileLock.TryTake(path, FileMode.Open) is { } heldLock)
                yield return new Instance(heldLock);
        }
    }

    /// <summary>Deletes the folder and gives the instance up. What cannot be deleted now is left for the next start to clear.</summary>
    public void Remove()
    {
        try
        {
            if (Directory.Exists(Folder))
                Directory.Delete(Folder, recursive: true);
            Dispose();
            File.Delete(_lock.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A virus scanner, or a process on its way out, still holds a file. The lock's file stays, so the next start tries again.
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Lets go of the lock and leaves everything else as it is.</summary>
    public void Dispose() => _lock.Dispose();
}
