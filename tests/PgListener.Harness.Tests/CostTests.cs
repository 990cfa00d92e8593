using System.Diagnostics;

namespace PgListener.Harness.Tests;

/// <summary>What many tests cost. Alone, since threads and handles are the process's.</summary>
[Collection(nameof(Alone))]
public sealed class CostTests(ITestOutputHelper output)
{
    private const int Applications = 1000;

    [Fact]
    public async Task A_thousand_applications_take_seconds_and_leave_nothing()
    {
        await RunAsync(10); // What is made once.
        var (threads, handles, processor) = Count();
        var begun = Stopwatch.GetTimestamp();
        await RunAsync(Applications);
        var took = Stopwatch.GetElapsedTime(begun);
        var (threadsAfter, handlesAfter, processorAfter) = Count();
        output.WriteLine($"{Applications:N0} applications: {took.TotalSeconds:0.0} s, of the processor {(processorAfter - processor).TotalSeconds:0.0} s; threads {threads} to {threadsAfter}, handles {handles} to {handlesAfter}.");

        Assert.InRange(processorAfter - processor, TimeSpan.Zero, TimeSpan.FromMinutes(1)); // Others may keep the machine busy, so the clock's limit is wider.
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Assert.InRange(threadsAfter - threads, int.MinValue, 50); // The pool has its own.
        Assert.InRange(handlesAfter - handles, int.MinValue, 50);
    }

    private static async Task RunAsync(int applications)
    {
        for (var i = 0; i < applications; i++)
        {
            await using var app = await App.StartAsync();
            await app.Harness.PublishAsync(new OrderPlaced(42, 9.5m));
            await app.Harness.WhenHandledAsync<OrderPlaced>();
        }
    }

    private static (int Threads, int Handles, TimeSpan Processor) Count()
    {
        using var process = Process.GetCurrentProcess();
        return (process.Threads.Count, process.HandleCount, process.TotalProcessorTime);
    }
}
