using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace WebApi.Tests;

/// <summary>What a newcomer does first: run it, with nothing configured.</summary>
public sealed partial class RunTests
{
    [Fact]
    public async Task It_starts_its_own_database_says_where_it_is_and_leaves_nothing_behind()
    {
        Assert.SkipWhen(TestDatabase.Given is not null, "PGLISTENER_TEST_DB names a server, so there may be no other.");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no signal that asks a process to end.");
        var contentRoot = await FindContentRootAsync();
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, "--urls", "http://127.0.0.1:0", "--contentRoot", contentRoot])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment.Remove("ConnectionStrings__Postgres");
        using var process = Process.Start(start)!;
        try
        {
            // The server may have to be downloaded first.
            var databasePort = int.Parse(await ReadUntilAsync(process, DatabasePort(), TimeSpan.FromMinutes(5)), CultureInfo.InvariantCulture);
            var address = new Uri(await ReadUntilAsync(process, Address(), Eventually.Limit));
            using var client = new HttpClient { BaseAddress = address };
            using (var stream = await EventStream.OpenLiveAsync(client))
            {
                using var order = new StringContent("""{"product":"Tea","quantity":1}""", mediaType: new("application/json"));
                using var response = await client.PostAsync(new Uri("/orders", UriKind.Relative), order, TestContext.Current.CancellationToken);
                Assert.Equal(1, (await stream.NextAsync("order")).GetProperty("id").GetInt64());

                using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
                await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
            }

            Assert.Equal(0, process.ExitCode);
            using var socket = new TcpClient();
            await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync("127.0.0.1", databasePort, TestContext.Current.CancellationToken).AsTask());
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static async Task<string> FindContentRootAsync()
    {
        await using var shop = Shop.StartWithoutDatabase("Host=127.0.0.1;Port=1;Username=nobody");
        return shop.Services.GetRequiredService<IWebHostEnvironment>().ContentRootPath;
    }

    private static async Task<string> ReadUntilAsync(Process process, Regex wanted, TimeSpan limit)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(limit, TestContext.Current.CancellationToken) is { } line)
        {
            if (wanted.Match(line) is { Success: true } match)
                return match.Groups["value"].Value;
        }

        throw new InvalidOperationException($"The sample ended without printing {wanted}.");
    }

    [GeneratedRegex("^Started PostgreSQL .*Port=(?<value>[0-9]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DatabasePort();

    [GeneratedRegex("^Open (?<value>http://[^ ]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Address();
}
