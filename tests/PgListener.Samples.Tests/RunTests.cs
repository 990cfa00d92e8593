using System.Globalization;
using System.Net.Sockets;
using PgListener.TestServer;

namespace PgListener.Samples.Tests;

/// <summary>What a newcomer does first: run a sample, with nothing configured.</summary>
public sealed class RunTests
{
    [Theory]
    [InlineData("Chat", "/", "<title>Chat")]
    [InlineData("Cache", "/products/1", "Espresso")]
    [InlineData("Worker", null, null)]
    public async Task It_starts_its_own_database_works_and_leaves_nothing_behind(string name, string? path, string? expected)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(TestServers.Variable) is { Length: > 0 }, "PGLISTENER_TEST_DB names a server, so there may be no other.");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no signal that asks a process to end.");
        using var sample = SampleProcess.Start(name, connectionString: null, "--urls", "http://127.0.0.1:0");

        // The server may have to be downloaded first.
        var port = int.Parse((await sample.ReadUntilAsync("^Started PostgreSQL .*Port=([0-9]+)", TimeSpan.FromMinutes(5))).Groups[1].Value, CultureInfo.InvariantCulture);
        if (path is null)
        {
            await sample.ReadUntilAsync("is done: ");
        }
        else
        {
            using var client = new HttpClient { BaseAddress = new((await sample.ReadUntilAsync("Now listening on: (http.*)")).Groups[1].Value) };
            Assert.Contains(expected!, await client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        await sample.BeginToStopAsync();
        Assert.Equal(0, await sample.ExitCodeAsync());
        using var socket = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken).AsTask());
    }
}
