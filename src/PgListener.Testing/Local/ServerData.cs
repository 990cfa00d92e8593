using System.Globalization;
using Npgsql;

namespace PgListener.Testing;

/// <summary>Creates the data folder of a server: empty, or as a copy of another one's, which it then follows. Only those who have the password may log in.</summary>
internal sealed class ServerData(ServerBinaries binaries, Instance instance, string password)
{
    private bool _exists;

    public string Password => password;

    /// <summary>Gets the server to copy; null to begin empty.</summary>
    public Primary? Primary { get; init; }

    /// <summary>Gets the settings that the data needs.</summary>
    public IEnumerable<KeyValuePair<string, string>> Settings => Primary is null
        ? []
        : [new("primary_conninfo", string.Create(CultureInfo.InvariantCulture, $"host=127.0.0.1 port={Primary.Port} user=postgres sslmode=disable gssencmode=disable passfile={Quote(PassFile)}"))];

    // In a file, because every user of the machine can read the command line.
    private string PassFile => Path.Combine(instance.Folder, "pgpass");

    /// <summary>Creates it, unless it exists.</summary>
    /// <exception cref="EphemeralPostgresException">It could not be created.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_exists)
            return;

        try
        {
            _exists = await Patience.TryAsync(() => TryMakeAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e) when (e.IsPermissionDenied)
        {
            var closed = await ClosedFolder.OnTheWayToAsync(binaries.Folder, instance.User, cancellationToken).ConfigureAwait(false);
            var why = await ClosedFolder.DescribeAsync(closed ?? instance.Folder, instance.User, cancellationToken).ConfigureAwait(false);
            throw new EphemeralPostgresException($"{why} {e.Message}", e);
        }
    }

    private async Task<bool> TryMakeAsync(CancellationToken cancellationToken)
    {
        // Left by an earlier attempt.
        await instance.DeleteDataAsync(cancellationToken).ConfigureAwait(false);
        if (Primary is { } primary)
            await CopyAsync(primary, cancellationToken).ConfigureAwait(false);
        else
            await InitializeAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        var secret = instance.AddSecret("password", password);
        try
        {
            await Command.RunAsync(
                binaries.InitDb,
                ["-D", instance.DataFolder, "-U", "postgres", "-A", "scram-sha-256", $"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync"],
                Timeout.InfiniteTimeSpan,
                cancellationToken,
                instance.User).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(secret);
        }
    }

    private async Task CopyAsync(Primary primary, CancellationToken cancellationToken)
    {
        instance.AddSecret(Path.GetFileName(PassFile), $"*:*:*:postgres:{password}\n");
        try
        {
            await BaseBackup.TakeAsync(primary, instance, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or UnauthorizedAccessException)
        {
            throw new EphemeralPostgresException($"The data of the primary could not be copied: {e.Message}", e);
        }
    }

    private static string Quote(string value) =>
        $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
