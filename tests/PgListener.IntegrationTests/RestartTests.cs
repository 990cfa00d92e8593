using System.Diagnostics;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>A listener is started and stopped hundreds of times.</summary>
[Collection(nameof(Alone))]
public sealed class RestartTests(ServerFixture server, ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hundreds_of_starts_and_stops_leave_nothing_behind()
    {
        var (name, channel) = ($"restart_{Guid.NewGuid():n}", NewChannel());
        var received = new Received<string>();
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { ApplicationName = name }.ConnectionString;
        await using (var listener = new Listener(connectionString))
        {
            await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
            await RestartAsync(listener, from: 0, to: 100);
            var (threads, memory) = Used();
            var watch = Stopwatch.StartNew();
            await RestartAsync(listener, from: 100, to: 400);
            var (threadsAfter, memoryAfter) = Used();
            output.WriteLine($"300 starts and stops in {watch.Elapsed.TotalSeconds:0.0} s; threads {threads} → {threadsAfter}, memory {memory:n0} → {memoryAfter:n0} bytes");
            Assert.True(threadsAfter <= threads + 5, $"There were {threads} threads, and there are {threadsAfter}.");
            Assert.True(memoryAfter <= memory + 1_000_000, $"{memory:n0} bytes were in use, and {memoryAfter:n0} are.");
            Assert.InRange(await server.CountSessionsAsync(name), 0, 2); // The last session may still be ending, and a pool may be kept.
        }

        await server.WhenWithoutSessionsAsync(name);

        async Task RestartAsync(Listener listener, int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                await listener.StartAsync(Cancellation).SoonAsync();
                listener.Listen();
                if (i % 100 == 0)
                {
                    await server.NotifyAsync(channel, $"{i}");
                    Assert.Equal($"{i}", await received.NextAsync());
                }

                await listener.StopAsync(Cancellation).SoonAsync();
            }

            Assert.Equal(0, received.Waiting);
        }
    }

    private static (int Threads, long Memory) Used()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return (process.Threads.Count, GC.GetTotalMemory(forceFullCollection: true));
    }
}
