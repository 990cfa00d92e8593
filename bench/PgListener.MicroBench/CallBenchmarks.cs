using System.Diagnostics;
using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;

namespace PgListener.MicroBench;

/// <summary>From the connection to the end of a callback that does nothing, on one thread: plainly, observed in several ways, and with a time limit.</summary>
[MemoryDiagnoser]
public class CallBenchmarks
{
    private const int Notifications = 10_000;
    private const string Name = "bench";
    private const string Payload = """{"id":123456,"total":45.67,"customer":"c-17"}""";
    private IDisposable? _observer;
    private DispatchPath _path = null!;
    private int _calls;

    [ParamsAllValues]
    public CallSetting Setting { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _path = new([Name], Count, new() { Timeout = Setting == CallSetting.TimeLimit ? TimeSpan.FromSeconds(30) : null });
        _observer = Setting switch
        {
            CallSetting.SampledOut => Trace(ActivitySamplingResult.None),
            CallSetting.Propagated => Trace(ActivitySamplingResult.PropagationData),
            CallSetting.Recorded => Trace(ActivitySamplingResult.AllDataAndRecorded),
            CallSetting.Durations => Measure(),
            _ => null,
        };
    }

    [GlobalCleanup]
    public void Cleanup() => _observer?.Dispose();

    [Benchmark(OperationsPerInvoke = Notifications)]
    public int Call()
    {
        var until = _calls + Notifications;
        _path.DeliverAndCall(Name, Payload, Notifications);
        SpinWait.SpinUntil(() => Volatile.Read(ref _calls) == until);
        return _calls;
    }

    private static ActivityListener Trace(ActivitySamplingResult decision)
    {
        var listener = new ActivityListener { ShouldListenTo = static source => source.Name == PgListenerDiagnostics.ActivitySourceName, Sample = (ref ActivityCreationOptions<ActivityContext> _) => decision };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static MeterListener Measure()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, self) =>
            {
                if (instrument.Name == PgListenerInstruments.ProcessDuration)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }

    private Task Count(NotificationContext context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Task.CompletedTask;
    }
}
