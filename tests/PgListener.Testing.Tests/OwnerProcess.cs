using System.Diagnostics;
using System.Globalization;

namespace PgListener.Testing.Tests;

/// <summary>Another process that owns a server: this program, started once more. It can be killed, which the tests themselves cannot.</summary>
internal sealed class OwnerProcess : IDisposable
{
    public const string Argument = "own-a-server";

    /// <summary>The variable that makes it start a standby too.</summary>
    public const string WithStandby = "OWNER_HAS_STANDBY";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private OwnerProcess(Process process) => _process = process;

    public int ProcessId => _process.Id;

    public int ServerProcessId { get; private set; }

    public int ServerPort { get; private set; }

    public string UserName { get; private set; } = "";

    public string DataFolder { get; private set; } = "";

    /// <summary>What the other process does.</summary>
    public static async Task<int> RunAsync()
    {
        var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: CancellationToken.None);
        var folder = ((LocalServer)postgres.Control.Server).DataFolder;
        await using var standby = Environment.GetEnvironmentVariable(WithStandby) is null ? null : await postgres.LaunchStandbyAsync(CancellationToken.None);
        Console.WriteLine($"{postgres.ProcessId} {postgres.Port} {Environment.UserName} {folder}");
        // Until we are told to end, which happens without disposing anything.
        await Console.In.ReadLineAsync(CancellationToken.None);
        return 0;
    }

    public static async Task<OwnerProcess> StartAsync(string tempFolder, string? user = null, params (string Name, string Value)[] environment)
    {
        var owner = Begin(tempFolder, user, environment);
        var line = await owner._process.StandardOutput.ReadLineAsync(Sql.Token).AsTask().WaitAsync(Limit, Sql.Token);
        Assert.True(line is not null, line is null ? await owner.ErrorsAsync() : "");
        owner.Read(line!.Split(' ', 4));
        return owner;
    }

    /// <summary>Starts it, and does not wait for its server.</summary>
    /// <param name="tempFolder">Its temp folder.</param>
    /// <param name="user">Who it runs as.</param>
    /// <param name="environment">Further variables of its environment.</param>
    public static OwnerProcess Begin(string tempFolder, string? user = null, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Argument])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
            Environment = { ["TMPDIR"] = tempFolder, ["TEMP"] = tempFolder, ["TMP"] = tempFolder },
        };
        if (user is not null)
        {
            start.UserName = user;
            start.Environment["HOME"] = tempFolder;
        }

        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Waits for its end, and gives what it wrote to its standard error.</summary>
    public async Task<string> ErrorsAsync()
    {
        var errors = await _process.StandardError.ReadToEndAsync(Sql.Token).WaitAsync(Limit, Sql.Token);
        await _process.WaitForExitAsync(Sql.Token).WaitAsync(Limit, Sql.Token);
        return errors;
    }

    public void Kill()
    {
        _process.Kill();
        Assert.True(_process.WaitForExit(Limit));
    }

    public async Task SignalAsync(string name)
    {
        await Command.RunAsync("sh", ["-c", $"kill -s {name} {ProcessId}"], Limit, Sql.Token);
        Assert.True(_process.WaitForExit(Limit));
    }

    public void End()
    {
        _process.StandardInput.WriteLine();
        Assert.True(_process.WaitForExit(Limit));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            End();
        _process.Dispose();
    }

    private void Read(string[] words)
    {
        ServerProcessId = int.Parse(words[0], CultureInfo.InvariantCulture);
        ServerPort = int.Parse(words[1], CultureInfo.InvariantCulture);
        UserName = words[2];
        DataFolder = words[3];
    }
}
