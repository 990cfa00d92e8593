using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using PgListener.Payloads;
using PgListener.Registration;

namespace PgListener.MicroBench;

/// <summary>What a notification costs with filters around its handler: payload to value, a fresh scope, the filters, the handler.</summary>
[MemoryDiagnoser]
public class FilterBenchmarks
{
    private static readonly NotificationContext Notification = new(new(Order.ChannelName, """{"id":1,"total":2,"customer":"c"}""", 0));
    private ServiceProvider _provider = null!;
    private HandlerRunner<Order> _none = null!;
    private HandlerRunner<Order> _one = null!;
    private HandlerRunner<Order> _three = null!;

    [GlobalSetup]
    public void Setup()
    {
        var services = new ServiceCollection();
        services.AddPgListener("none").AddHandler<Order, OrderHandler>();
        services.AddPgListener("one").AddHandler<Order, OrderHandler>().AddFilter<PassFilter>();
        services.AddPgListener("three").AddHandler<Order, OrderHandler>().AddFilter<PassFilter>().AddFilter<PassFilter>().AddFilter<PassFilter>();
        _provider = services.BuildServiceProvider();
        (_none, _one, _three) = (Runner("none"), Runner("one"), Runner("three"));
    }

    [GlobalCleanup]
    public void Cleanup() => _provider.Dispose();

    [Benchmark(Baseline = true)]
    public Task WithoutFilters() => _none.HandleAsync(Notification, CancellationToken.None);

    [Benchmark]
    public Task OneFilter() => _one.HandleAsync(Notification, CancellationToken.None);

    [Benchmark]
    public Task ThreeFilters() => _three.HandleAsync(Notification, CancellationToken.None);

    private HandlerRunner<Order> Runner(string listener)
    {
        var registration = _provider.GetRequiredKeyedService<ListenerRegistration>(listener);
        return ((HandlerEntry<Order>)registration.Handlers.Single()).CreateRunner(registration, _provider.GetRequiredService<IServiceScopeFactory>(), PayloadLog.None);
    }
}
