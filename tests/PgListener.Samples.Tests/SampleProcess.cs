using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using WebApi.Tests;

namespace PgListener.Samples.Tests;

/// <summary>A sample as a process of its own, as <c>dotnet run</c> starts it.</summary>
internal sealed class SampleProcess : IDisposable
{
    private readonly Process _process;

    private SampleProcess(Process process) => _process = process;

    /// <param name="name">The sample's name.</param>
    /// <param name="connectionString">Its database; nothing, to let it start one.</param>
    /// <param name="settings">Further settings, as on the command line.</param>
    public static SampleProcess Start(string name, string? connectionString = null, params string[] settings)
    {
        var contentRoot = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(contentRoot, "PgListener.sln")))
            contentRoot = Path.GetDirectoryName(contentRoot)!;
        contentRoot = Path.Combine(contentRoot, "samples", name);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{name}.dll"), "--contentRoot", contentRoot, .. settings])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("ConnectionStrings__Postgres");
        if (connectionString is not null)
            start.Environment["ConnectionStrings__Postgres"] = connectionString;
        return new(Process.Start(start)!);
    }

    /// <summary>Reads what it prints up to a line that matches, and gives that.</summary>
    public async Task<Match> ReadUntilAsync(string pattern, TimeSpan? limit = null)
    {
        var read = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(limit ?? Eventually.Limit, TestContext.Current.CancellationToken) is { } line)
        {
            read.Add(line);
            if (Regex.Match(line, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)) is { Success: true } match)
                return match;
        }

        Assert.Fail($"It ended without printing '{pattern}', but: {string.Join('\n', read)}");
        throw new UnreachableException();
    }

    /// <summary>Reads all that it prints, until it ends.</summary>
    public async Task ReadToEndAsync(Action<string> onLine)
    {
        while (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            onLine(line);
    }

    /// <summary>Asks it to end, and waits until it says that it has been asked.</summary>
    public async Task BeginToStopAsync()
    {
        await AskToStopAsync();
        await ReadUntilAsync("Application is shutting down");
    }

    /// <summary>Asks it to end.</summary>
    public async Task AskToStopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async Task<int> ExitCodeAsync(TimeSpan? limit = null)
    {
        _ = _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit ?? Eventually.Limit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async Task<string> ErrorsAsync() => await _process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
