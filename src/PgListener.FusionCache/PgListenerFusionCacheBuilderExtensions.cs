using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PgListener;
using PgListener.Backplane;
using PgListener.Telemetry;
using ZiggyCreatures.Caching.Fusion;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds PgListener's backplane to a FusionCache.</summary>
public static class PgListenerFusionCacheBuilderExtensions
{
    /// <summary>
    /// Gives a FusionCache a backplane on PostgreSQL's notifications, so that its instances notify each other of what they set, remove and expire. After a gap, in which notifications may have been
    /// missed, the memory level of this instance is expired.
    /// </summary>
    /// <param name="builder">The cache.</param>
    /// <param name="configure">Changes settings.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// <para>The listener is added with <c>AddPgListener()</c>. Each cache has a channel of its own, with the name that FusionCache gives it; a name longer than 63 bytes is truncated and ends with a hash. The listener's <c>ChannelPrefix</c> is not counted: if the name is too long with it, the cache throws a <c>FusionCacheInvalidOptionsException</c>.</para>
    /// <para>
    /// The cache gets a memory cache of its own, whose entries can be enumerated, unless one was set on the builder. With another one, a gap clears the cache as <c>Clear()</c> does, so
    /// that this instance ignores older entries of the distributed cache too. The first connection counts as a gap.
    /// </para>
    /// </remarks>
    /// <exception cref="FusionCacheInvalidOptionsException">When the cache is built: it has another memory cache, and <see cref="FusionCacheOptions.DisableTagging"/>, so it could not be cleared.</exception>
    public static IFusionCacheBuilder WithPgListenerBackplane(this IFusionCacheBuilder builder, Action<PgListenerBackplaneOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new PgListenerBackplaneOptions();
        configure?.Invoke(options);

        var level = new MemoryLevel();
        if (!builder.UseRegisteredMemoryCache && builder.MemoryCache is null && builder.MemoryCacheFactory is null)
            builder.WithMemoryCache(_ => level.Entries = new(new MemoryCacheOptions()));
        return builder
            .WithOptions(settings => level.Settings = settings)
            .WithBackplane(services => Create(options, level, services))
            .WithPostSetup((_, cache) => level.Cache = cache);
    }

    private static PgListenerBackplane Create(PgListenerBackplaneOptions options, MemoryLevel level, IServiceProvider services)
    {
        if (level is { Entries: null, Settings: { DisableTagging: true } settings })
        {
            throw new FusionCacheInvalidOptionsException(
                $"The FusionCache '{settings.CacheName}' has a memory cache that was set on its builder, and {nameof(settings.DisableTagging)}: after a gap its entries could be neither enumerated nor cleared. Leave out the memory cache, or allow tagging.");
        }

        return new(
            ServiceOf<IPgListener>(options, services),
            ServiceOf<INotificationPublisher>(options, services),
            level,
            new SafeLogger((services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("PgListener")));
    }

    private static T ServiceOf<T>(PgListenerBackplaneOptions options, IServiceProvider services)
        where T : class
        => (options.ListenerName.Length == 0 ? services.GetService<T>() : services.GetKeyedService<T>(options.ListenerName))
            ?? throw new InvalidOperationException(
                options.ListenerName.Length == 0
                    ? $"WithPgListenerBackplane() needs a listener, and none without a name is registered. Call services.AddPgListener(), or name one in {nameof(PgListenerBackplaneOptions)}.{nameof(options.ListenerName)}."
                    : $"{nameof(PgListenerBackplaneOptions)}.{nameof(options.ListenerName)} is '{options.ListenerName}', and no listener of that name is registered. Call services.AddPgListener(\"{options.ListenerName}\").");
}
