using Npgsql;

namespace PgListener.Testing;

/// <summary>Copies the data of a running server, from which a standby can start and follow it.</summary>
/// <remarks>For root, the folders belong to the user the server runs as. All that is done in them is done as that user, so nothing in them can mislead root.</remarks>
internal static class BaseBackup
{
    private const string Vanished = ": No such file or directory";

    /// <summary>Files that belong to the running server alone.</summary>
    private static readonly string[] LeftOut = ["postmaster.pid", "postmaster.opts"];

    /// <param name="primary">The running server.</param>
    /// <param name="to">The place of the standby.</param>
    /// <param name="cancellationToken">Ends the attempt; the folder is then incomplete.</param>
    public static async Task TakeAsync(Primary primary, Instance to, CancellationToken cancellationToken)
    {
        // The backup ends with this session, even after a failure here.
        var connection = new NpgsqlConnection(Readiness.Careful(primary.ConnectionString));
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            await ScalarAsync(connection, "SELECT pg_backup_start('standby', true)::text", cancellationToken).ConfigureAwait(false);
            await CopyAsync(primary.DataFolder, to, cancellationToken).ConfigureAwait(false);
            var label = await ScalarAsync(connection, "SELECT labelfile FROM pg_backup_stop(false)", cancellationToken).ConfigureAwait(false);
            await WriteAsync(to, "backup_label", label, cancellationToken).ConfigureAwait(false);
            await WriteAsync(to, "standby.signal", "", cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<string> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
            return (string)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private static async Task CopyAsync(string from, Instance to, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            Copy(new DirectoryInfo(from), to.DataFolder);
            return;
        }

        try
        {
            await Command.RunAsync("cp", ["-RPp", "--", from, to.DataFolder], Timeout.InfiniteTimeSpan, cancellationToken, to.User).ConfigureAwait(false);
        }
        catch (EphemeralPostgresException e) when (OnlyVanished(e))
        {
            // The server removes files while it runs; the log that the standby replays says so too.
        }

        await Command.RunAsync(
            "rm", ["-f", "--", .. LeftOut.Select(name => Path.Combine(to.DataFolder, name))], Command.ShortLimit, cancellationToken, to.User).ConfigureAwait(false);
    }

    private static bool OnlyVanished(EphemeralPostgresException e) => e.ExitCode == 1
        && e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).All(line => line.EndsWith(Vanished, StringComparison.Ordinal));

    private static async Task WriteAsync(Instance to, string name, string text, CancellationToken cancellationToken)
    {
        var path = Path.Combine(to.DataFolder, name);
        if (OperatingSystem.IsWindows())
            await File.WriteAllTextAsync(path, text, cancellationToken).ConfigureAwait(false);
        else
            await Command.RunAsync("tee", ["--", path], Command.ShortLimit, cancellationToken, to.User, text).ConfigureAwait(false);
    }

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in from.EnumerateDirectories())
            Copy(folder, Path.Combine(to, folder.Name));
        foreach (var file in from.EnumerateFiles().Where(file => !LeftOut.Contains(file.Name)))
        {
            try
            {
                file.CopyTo(Path.Combine(to, file.Name));
            }
            catch (FileNotFoundException)
            {
                // As above.
            }
        }
    }
}
