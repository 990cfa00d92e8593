using BenchmarkDotNet.Attributes;

namespace PgListener.MicroBench;

/// <summary>From payload to value, through the channel's type as the listener does it.</summary>
[MemoryDiagnoser]
public class ParseBenchmarks
{
    private string _payload = "";

    [GlobalSetup]
    public void Setup() => _payload = """{"id":123456,"total":45.67,"customer":"c-17"}""";

    [Benchmark(Baseline = true)]
    public Order ParseGenerated() => Parse<Order>(_payload);

    [Benchmark]
    public ReflectedOrder ParseByReflection() => Parse<ReflectedOrder>(_payload);

    private static TChannel Parse<TChannel>(string payload)
        where TChannel : INotificationChannel<TChannel>
        => TChannel.Parse(payload);
}
