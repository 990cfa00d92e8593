using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.MicroBench;

/// <summary>A fresh scope, a handler from it, its call, and the scope's end: what each notification gets.</summary>
[MemoryDiagnoser]
public class ScopeBenchmarks
{
    private static readonly Notification<Order> Notification = new(new(1, 2, "c"), "", 0);
    private ServiceProvider _transient = null!;
    private ServiceProvider _scoped = null!;
    private IServiceScopeFactory _transientScopes = null!;
    private IServiceScopeFactory _scopedScopes = null!;

    [GlobalSetup]
    public void Setup()
    {
        _transient = new ServiceCollection().AddTransient<OrderHandler>().BuildServiceProvider();
        _scoped = new ServiceCollection().AddScoped<OrderHandler>().BuildServiceProvider();
        _transientScopes = _transient.GetRequiredService<IServiceScopeFactory>();
        _scopedScopes = _scoped.GetRequiredService<IServiceScopeFactory>();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _transient.Dispose();
        _scoped.Dispose();
    }

    [Benchmark]
    public async Task ScopeAlone()
    {
        await using var scope = _transientScopes.CreateAsyncScope();
    }

    [Benchmark(Baseline = true)]
    public Task ScopeWithTransientHandler() => HandleAsync(_transientScopes);

    [Benchmark]
    public Task ScopeWithScopedHandler() => HandleAsync(_scopedScopes);

    private static async Task HandleAsync(IServiceScopeFactory scopes)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<OrderHandler>().HandleAsync(Notification, CancellationToken.None);
    }
}
