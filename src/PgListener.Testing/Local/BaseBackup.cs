using Npgsql;

namespace PgListener.Testing;

/// <summary>Copies the data of a running server, from which a standby can start and follow it.</summary>
internal static class BaseBackup
{
    /// <summary>Files that belong to the running server alone.</summary>
    private static readonly string[] LeftOut = ["postmaster.pid", "postmaster.opts"];

    /// <param name="connectionString">How to connect to the running server.</param>
    /// <param name="from">Its data folder.</param>
    /// <param name="to">The data folder to make.</param>
    /// <param name="cancellationToken">Ends the attempt; the folder is then incomplete.</param>
    public static async Task TakeAsync(string connectionString, string from, string to, CancellationToken cancellationToken)
    {
        // The backup lasts as long as this session; it ends with it, whatever happens here.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            await ScalarAsync(connection, "SELECT pg_backup_start('standby', true)::text", cancellationToken).ConfigureAwait(false);
            Copy(new DirectoryInfo(from), to);
            var label = await ScalarAsync(connection, "SELECT labelfile FROM pg_backup_stop(false)", cancellationToken).ConfigureAwait(false);
            await File.WriteAllTextAsync(Path.Combine(to, "backup_label"), label, cancellationToken).ConfigureAwait(false);
            await File.WriteAllTextAsync(Path.Combine(to, "standby.signal"), "", cancellationToken).ConfigureAwait(false);
        }

        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(to, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static async Task<string> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
            return (string)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
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
                // The server removes files while it runs; the log that the standby replays says so too.
            }
        }
    }
}
