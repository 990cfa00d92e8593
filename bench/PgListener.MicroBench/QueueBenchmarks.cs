using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace PgListener.MicroBench;

/// <summary>From one thread to another, through the library's queue and through a bounded channel as one would take by hand.</summary>
[MemoryDiagnoser]
public class QueueBenchmarks
{
    private const int Notifications = 100_000;
    private const int ChannelCapacity = 10_000;
    private const string Name = "bench";
    private const string Payload = """{"id":123456,"total":45.67,"customer":"c-17"}""";
    private readonly DispatchPath _path = new([Name]);

    [Benchmark(Baseline = true, OperationsPerInvoke = Notifications)]
    public Task HopThroughChannel()
    {
        var channel = Channel.CreateBounded<string>(new BoundedChannelOptions(ChannelCapacity) { SingleReader = true, SingleWriter = true });
        return Task.WhenAll(Task.Run(WriteAsync), Task.Run(ReadAsync));

        async Task WriteAsync()
        {
            for (var i = 0; i < Notifications; i++)
                await channel.Writer.WriteAsync(Payload);
            channel.Writer.Complete();
        }

        async Task ReadAsync()
        {
            var length = 0L;
            await foreach (var payload in channel.Reader.ReadAllAsync())
                length += payload.Length;
            if (length != (long)Notifications * Payload.Length)
                throw new InvalidOperationException($"{length} characters came out.");
        }
    }

    [Benchmark(OperationsPerInvoke = Notifications)]
    public Task HopThroughSubscriptionQueue()
    {
        return Task.WhenAll(Task.Run(Deliver), Task.Run(() => _path.TakeAsync(Notifications)));

        void Deliver()
        {
            for (var i = 0; i < Notifications; i++)
                _path.Deliver(Name, Payload);
        }
    }
}
