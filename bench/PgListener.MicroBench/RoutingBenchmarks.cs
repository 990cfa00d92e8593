using System.Globalization;
using BenchmarkDotNet.Attributes;

namespace PgListener.MicroBench;

/// <summary>From the name of the channel into the queue of its subscriber, and out of it on the same thread.</summary>
[MemoryDiagnoser]
public class RoutingBenchmarks
{
    private const int Notifications = 10_000;
    private const string Payload = """{"id":123456,"total":45.67,"customer":"c-17"}""";
    private DispatchPath _path = null!;

    /// <summary>As they come from the connection: equal to the names that were subscribed to, and not the same objects.</summary>
    private string[] _names = [];

    [Params(1, 1_000, 10_000)]
    public int Channels { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _path = new(Names());
        _names = [.. Names()];
    }

    [Benchmark(OperationsPerInvoke = Notifications)]
    public int Route()
    {
        for (var i = 0; i < Notifications; i++)
            _path.Deliver(_names[i % _names.Length], Payload);

        var count = 0;
        for (var i = 0; i < _names.Length; i++)
            count += _path.Drain(i);
        return count == Notifications ? count : throw new InvalidOperationException($"{count} came out.");
    }

    private IEnumerable<string> Names() => Enumerable.Range(0, Channels).Select(index => string.Create(CultureInfo.InvariantCulture, $"channel_{index}"));
}
