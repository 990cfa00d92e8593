using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.UnitTests;

/// <summary>Many listeners on one meter, as a host's factory hands it out, and many subscriptions.</summary>
[Collection(nameof(Alone))]
public sealed class MeterSharingTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Listeners_that_are_disposed_of_are_held_by_nothing_and_leave_no_instruments()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var listeners = await CreateAsync(factory, 500);
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(0, listeners.Count(listener => listener.IsAlive));
        Assert.Equal(17, CountInstruments(factory));
    }

    [Fact]
    public async Task Listeners_of_one_meter_are_reported_side_by_side_until_each_is_disposed_of()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var first = new Listener("Host=nowhere", new() { Name = "first", MeterFactory = factory });
        await using var second = new Listener("Host=nowhere", new() { Name = "second", MeterFactory = factory });
        Assert.Equal(["first", "second"], Names());
        await first.DisposeAsync();
        Assert.Equal(["second"], Names());

        IEnumerable<string> Names()
        {
            var names = new SortedSet<string>();
            using var observer = Observe(factory, (_, _, tags) => names.Add((string)tags.ToArray().Single(tag => tag.Key == PgListenerTags.Listener).Value!));
            observer.RecordObservableInstruments();
            return names;
        }
    }

    [Fact]
    public async Task Ten_thousand_subscriptions_cost_a_collection_little_and_delivery_nothing()
    {
        const int Subscriptions = 10_000;
        using var pipeline = new Pipeline();
        for (var i = 0; i < Subscriptions; i++)
            pipeline.Subscribe($"channel {i}", (_, _) => Task.CompletedTask, new() { Name = "S" });
        var measurements = 0;
        using var observer = Observe(pipeline.Meters, (_, _, _) => measurements++);
        observer.RecordObservableInstruments();
        measurements = 0;
        for (var i = 0; i < Subscriptions; i += 100)
            pipeline.Deliver($"channel {i}", "1");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        observer.RecordObservableInstruments();
        var (took, bytes) = (watch.Elapsed, GC.GetAllocatedBytesForCurrentThread() - before);
        output.WriteLine($"{measurements:n0} measurements of {Subscriptions:n0} subscriptions: {took.TotalMilliseconds:0} ms, {bytes:n0} bytes");
        Assert.InRange(measurements, 13 * Subscriptions, 14 * Subscriptions);
        Assert.InRange(bytes, 0, 2_000_000);

        // What changes is all that costs memory, and each instrument reads only what it reports.
        var longest = TimeSpan.Zero;
        using var end = new CancellationTokenSource();
        var collecting = Task.Run(
            () =>
            {
                while (!end.IsCancellationRequested)
                    observer.RecordObservableInstruments();
            },
            TestContext.Current.CancellationToken);
        for (var i = 0; i < 20_000; i++)
        {
            var started = Stopwatch.GetTimestamp();
            pipeline.Deliver($"channel {i % Subscriptions}", "1");
            var one = Stopwatch.GetElapsedTime(started);
            longest = one > longest ? one : longest;
        }

        await end.CancelAsync();
        await collecting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        output.WriteLine($"the longest delivery beside collections took {longest.TotalMilliseconds:0.00} ms");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference[]> CreateAsync(IMeterFactory factory, int count)
    {
        var created = new WeakReference[count];
        for (var i = 0; i < count; i++)
        {
            var listener = new Listener("Host=nowhere", new() { Name = $"listener {i}", MeterFactory = factory });
            await listener.AddCallbackAsync("a", (_, _) => Task.CompletedTask, TestContext.Current.CancellationToken);
            created[i] = new(listener);
            await listener.DisposeAsync();
        }

        return created;
    }

    private static int CountInstruments(IMeterFactory factory)
    {
        var count = 0;
        using var observer = new MeterListener
        {
            InstrumentPublished = (instrument, _) => count += instrument.Meter.Scope == factory && instrument.Meter.Name == PgListenerDiagnostics.MeterName ? 1 : 0,
        };
        observer.Start();
        return count;
    }

    private static MeterListener Observe(IMeterFactory factory, Measured measured)
    {
        var observer = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == factory)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        observer.SetMeasurementEventCallback<long>((instrument, value, tags, _) => measured(instrument, value, tags));
        observer.Start();
        return observer;
    }

    private delegate void Measured(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags);
}
