using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using PgListener.Testing;

namespace PgListener.TestServer;

/// <summary>A real NATS server with JetStream, in a folder of its own, that can be killed and started again.</summary>
public sealed class NatsServer : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server", "/opt/homebrew/bin/nats-server"];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly int _port = FreePort.Next();
    private readonly string _folder = Directory.CreateTempSubdirectory("nats-").FullName;
    private Process? _process;

    private NatsServer()
    {
    }

    /// <summary>Where it is installed; <see langword="null"/> where it is not.</summary>
    public static string? Executable => Array.Find(Places, File.Exists);

    /// <summary>Its address.</summary>
    public string Url => string.Create(CultureInfo.InvariantCulture, $"nats://127.0.0.1:{_port}");

    /// <summary>Starts one.</summary>
    public static async Task<NatsServer> LaunchAsync()
    {
        var server = new NatsServer();
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it, with the port and the data that it had.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Executable!, ["-js", "-sd", _folder, "-a", "127.0.0.1", "-p", _port.ToString(CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        await AnswersAsync(_process);
    }

    /// <summary>Kills it, with SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Waits until it accepts connections.</summary>
    private async Task AnswersAsync(Process process)
    {
        var limit = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", _port);
                return;
            }
            catch (SocketException) when (limit.Elapsed < Limit && !process.HasExited)
            {
                // It has not opened its port yet; each try takes as long as the system needs to refuse it.
            }
        }
    }
}
