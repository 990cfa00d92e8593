using System.Diagnostics;
using System.Globalization;
using PgListener.Testing;

namespace PgListener.Bench;

/// <summary>A Redis of its own, which stores nothing on disk.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private const string Program = "redis-server";

    private readonly Process _process;

    private RedisServer(Process process, int port)
    {
        _process = process;
        Configuration = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
    }

    /// <summary>Whether it is installed.</summary>
    public static bool IsInstalled { get; } = Tool.Find(Program) is not null;

    /// <summary>How to connect.</summary>
    public string Configuration { get; }

    public static async Task<RedisServer> StartAsync(CancellationToken cancellationToken)
    {
        var port = FreePort.Next();
        var info = new ProcessStartInfo(Program, ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", Path.GetTempPath()])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        var server = new RedisServer(Process.Start(info)!, port);
        while (await server._process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                _ = server._process.StandardOutput.ReadToEndAsync(cancellationToken);
                return server;
            }
        }

        throw new BenchException($"{Program} did not start.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
