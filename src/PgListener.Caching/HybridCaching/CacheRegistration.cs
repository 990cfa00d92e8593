using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.HybridCaching;

/// <summary>A hybrid cache that was made coherent while services were being added.</summary>
/// <param name="key">The key of its service; <see langword="null"/> without one.</param>
/// <param name="inner">How the cache was registered before.</param>
internal sealed class CacheRegistration(object? key, ServiceDescriptor inner)
{
    internal const string DefaultChannel = "hybrid_cache";

    public object? Key => key;

    /// <summary>The name of its options.</summary>
    public string OptionsName { get; } = key?.ToString() ?? Microsoft.Extensions.Options.Options.DefaultName;

    /// <summary>The cache, for messages.</summary>
    public string Name { get; } = key is null ? "the HybridCache" : $"the HybridCache with the key '{key}'";

    /// <summary>The call that adds it, for messages.</summary>
    private string Call => key is null ? "AddHybridCache()" : $"AddKeyedHybridCache(\"{key}\")";

    /// <summary>Creates the cache that was registered.</summary>
    /// <param name="services">The services that it is to see.</param>
    /// <exception cref="InvalidOperationException">It is another cache than that of Microsoft.Extensions.Caching.Hybrid.</exception>
    public HybridCache CreateInner(CacheServices services)
    {
        var cache = inner switch
        {
            { IsKeyedService: true, KeyedImplementationFactory: { } create } => create(services, key),
            { IsKeyedService: false, ImplementationFactory: { } create } => create(services),
            { IsKeyedService: true, KeyedImplementationType: { } type } => ActivatorUtilities.CreateInstance(services, type),
            { IsKeyedService: false, ImplementationType: { } type } => ActivatorUtilities.CreateInstance(services, type),
            _ => null,
        };
        return services.IsLocalTaken && cache is HybridCache hybrid
            ? hybrid
            : throw new InvalidOperationException(
                $"AddPgListenerCoherence() makes the cache of {Call} coherent, and another one is registered as {Name}. Remove that registration. A FusionCache has WithPgListenerBackplane() of the package PgListener.FusionCache.");
    }

    /// <summary>Checks that nothing was registered in its place afterwards.</summary>
    /// <exception cref="InvalidOperationException">Something was.</exception>
    public CoherentHybridCache Check(IServiceProvider services)
        => (key is null ? services.GetRequiredService<HybridCache>() : services.GetRequiredKeyedService<HybridCache>(key)) as CoherentHybridCache
            ?? throw new InvalidOperationException(
                $"Another cache was registered as {Name} after AddPgListenerCoherence(), so what one instance removes would stay in the others. Call AddPgListenerCoherence() after {Call}.");
}
