using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace PgListener.TestServer;

/// <summary>A real PgBouncer between a client and a server.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private PgBouncer(Process process, DirectoryInfo folder, string connectionString)
    {
        _process = process;
        _folder = folder;
        ConnectionString = connectionString;
    }

    /// <summary>Where it is installed; <see langword="null"/> where it is not.</summary>
    public static string? Executable => Array.Find(Places, File.Exists);

    /// <summary>How to connect through it.</summary>
    public string ConnectionString { get; }

    /// <param name="server">A connection string of the server behind it.</param>
    /// <param name="poolMode">session, transaction or statement.</param>
    public static async Task<PgBouncer> StartAsync(string server, string poolMode)
    {
        var settings = new NpgsqlConnectionStringBuilder(server);
        var folder = Directory.CreateTempSubdirectory("pglistener-pgbouncer-");
        var port = FreePort.Next();
        var configuration = Path.Combine(folder.FullName, "pgbouncer.ini");
        await File.WriteAllTextAsync(
            configuration,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                [databases]
                {settings.Database} = host={settings.Host} port={settings.Port} user={settings.Username}
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {port}
                unix_socket_dir =
                auth_type = any
                pool_mode = {poolMode}
                ignore_startup_parameters = extra_float_digits,client_encoding
                """));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
            File.SetUnixFileMode(configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        }

        var start = new ProcessStartInfo(Executable!) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Environment.IsPrivilegedProcess)
            start.ArgumentList.Add("--user=nobody"); // It refuses to run as root.
        start.ArgumentList.Add(configuration);
        var process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();

        var connectionString = new NpgsqlConnectionStringBuilder(server)
        {
            Host = "127.0.0.1",
            Port = port,
            SslMode = SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString;
        var bouncer = new PgBouncer(process, folder, connectionString);
        await bouncer.AnswersAsync();
        return bouncer;
    }

    public ValueTask DisposeAsync()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task AnswersAsync()
    {
        var limit = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (limit.Elapsed < TimeSpan.FromSeconds(20) && !_process.HasExited)
            {
                // It has not opened its port yet; each try takes as long as the system needs to refuse it.
            }
        }
    }
}
