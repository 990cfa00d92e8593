using System.Diagnostics;
using System.Globalization;

namespace PgListener.Testing.Tests;

/// <summary>Another process that owns a server: this program, started once more. It can be killed, which the tests themselves cannot.</summary>
internal sealed class OwnerProcess : IDisposable
{
    public const string Argument = "own-a-server";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private OwnerProcess(Process process, string[] words)
    {
        _process = process;
        ServerProcessId = int.Parse(words[0], CultureInfo.InvariantCulture);
        ServerPort = int.Parse(words[1], CultureInfo.InvariantCulture);
        UserName = words[2];
        DataFolder = words[3];
    }

    public int ProcessId => _process.Id;

    public int ServerProcessId { get; }

    public int ServerPort { get; }

    public string UserName { get; }

    public string DataFolder { get; }

    /// <summary>What the other process does.</summary>
    public static async Task<int> RunAsync()
    {
        var postgres = await EphemeralPostgres.LaunchAsync(cancellationToken: CancellationToken.None);
        var folder = ((LocalServer)postgres.Control.Server).DataFolder;
        Console.WriteLine($"{postgres.ProcessId} {postgres.Port} {Environment.UserName} {folder}");
        // Until we are told to end, which happens without disposing anything.
        await Console.In.ReadLineAsync(CancellationToken.None);
        return 0;
    }

    public static async Task<OwnerProcess> StartAsync(string tempFolder, string? user = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Argument])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = tempFolder,
            Environment = { ["TMPDIR"] = tempFolder, ["TEMP"] = tempFolder, ["TMP"] = tempFolder },
        };
        if (user is not null)
        {
            start.UserName = user;
            start.Environment["HOME"] = tempFolder;
        }

        var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync(Sql.Token).AsTask().WaitAsync(Limit, Sql.Token);
        Assert.NotNull(line);
        return new(process, line.Split(' ', 4));
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
}
