using System.Diagnostics;
using System.Globalization;
using Npgsql;
using PgListener.Testing;

namespace PgListener.TestServer;

/// <summary>A real PgBouncer between a client and a server.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];

    private readonly Process _process;
    private readonly Instance _place;
    private readonly string _configuration;

    private PgBouncer(Process process, Instance place, string configuration, string connectionString)
    {
        _process = process;
        _place = place;
        _configuration = configuration;
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
        // It refuses to run as root.
        var user = OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess ? null : await ServerUser.OfNameAsync("nobody", CancellationToken.None);
        var place = await Instance.CreateAsync(Machine.Current.TempFolder, user, CancellationToken.None);
        var port = FreePort.Next();
        var passwords = place.AddSecret("userlist.txt", $"\"{settings.Username}\" \"{settings.Password}\"\n");
        var configuration = place.AddSecret(
            "pgbouncer.ini",
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                [databases]
                {settings.Database} = host={settings.Host} port={settings.Port} user={settings.Username} password={Quoted(settings.Password)}
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {port}
                unix_socket_dir =
                auth_type = {(string.IsNullOrEmpty(settings.Password) ? "any" : "scram-sha-256")}
                auth_file = {passwords}
                pool_mode = {poolMode}
                ignore_startup_parameters = extra_float_digits,client_encoding
                """));

        var start = Command.Describe(Executable!, [configuration], user);
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
        var bouncer = new PgBouncer(process, place, configuration, connectionString);
        await bouncer.AnswersAsync();
        return bouncer;
    }

    /// <summary>Writes another pool mode to its configuration, and has it read that again. Sessions of now end before it holds for them.</summary>
    public async Task SwitchAsync(string poolMode, CancellationToken cancellationToken)
    {
        var lines = await File.ReadAllLinesAsync(_configuration, cancellationToken);
        await File.WriteAllLinesAsync(_configuration, lines.Select(line => line.StartsWith("pool_mode", StringComparison.Ordinal) ? $"pool_mode = {poolMode}" : line), cancellationToken);

        // Whatever reaches it after the line is handled after the change.
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(object sender, DataReceivedEventArgs line)
        {
            if (line.Data?.Contains("SIGHUP", StringComparison.Ordinal) == true)
                read.TrySetResult();
        }

        _process.ErrorDataReceived += Look;
        using var kill = Process.Start("kill", ["-HUP", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
        await read.Task.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
        _process.ErrorDataReceived -= Look;
    }

    public ValueTask DisposeAsync()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _place.Remove();
        return ValueTask.CompletedTask;
    }

    /// <summary>A value as it stands in a connection string of PgBouncer's.</summary>
    private static string Quoted(string? value) => $"'{value?.Replace("'", "''", StringComparison.Ordinal)}'";

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
