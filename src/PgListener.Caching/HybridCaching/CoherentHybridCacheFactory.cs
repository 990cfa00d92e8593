using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using PgListener.Telemetry;

namespace PgListener.HybridCaching;

/// <summary>Puts a coherent cache together.</summary>
internal static class CoherentHybridCacheFactory
{
    /// <exception cref="InvalidOperationException">The listener, or the cache to make coherent, is missing.</exception>
    public static CoherentHybridCache Create(CacheRegistration registration, IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptionsMonitor<HybridCacheCoherenceOptions>>().Get(registration.OptionsName);
        var listener = ServiceOf<IPgListener>(services, options, registration);
        var publisher = ServiceOf<INotificationPublisher>(services, options, registration);
        var loggers = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var logger = new SafeLogger(loggers.CreateLogger("PgListener"));
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var id = Guid.NewGuid().ToString("n", CultureInfo.InvariantCulture);

        var metrics = new CoherenceMetrics(services.GetService<IMeterFactory>(), options.Channel);
        var sender = new InvalidationSender(id, options.Channel, publisher, options, metrics, time, logger);
        var hearing = new Hearing(listener, options.MaxOutage, options.Channel, time, logger);
        var local = new LocalLevel(new(SettingsOf(services), loggers), hearing, metrics);
        var clock = new CacheClock(time);
        var repair = new SharedRepair(sender, options.Channel, time, logger);
        var seen = new CacheServices(services, local, clock, cache => new(cache, local, hearing, repair, time, logger));
        var levels = new CacheLevels(registration, seen, local, clock, hearing, repair, metrics);
        repair.Attach(levels);
        return new(levels, new(id, levels, options, logger), sender, listener, options);
    }

    private static T ServiceOf<T>(IServiceProvider services, HybridCacheCoherenceOptions options, CacheRegistration registration)
        where T : class
        => (options.ListenerName.Length == 0 ? services.GetService<T>() : services.GetKeyedService<T>(options.ListenerName))
            ?? throw new InvalidOperationException(
                options.ListenerName.Length == 0
                    ? $"AddPgListenerCoherence() needs a listener for {registration.Name}, and none without a name is registered. Call services.AddPgListener(), or name one in {nameof(HybridCacheCoherenceOptions)}.{nameof(options.ListenerName)}."
                    : $"{nameof(HybridCacheCoherenceOptions)}.{nameof(options.ListenerName)} is '{options.ListenerName}' for {registration.Name}, and no listener of that name is registered. Call services.AddPgListener(\"{options.ListenerName}\").");

    /// <summary>The application's settings of memory caches apply to the local level too.</summary>
    private static MemoryCacheOptions SettingsOf(IServiceProvider services)
    {
        var common = services.GetRequiredService<IOptions<MemoryCacheOptions>>().Value;
        return new()
        {
            CompactionPercentage = common.CompactionPercentage,
            ExpirationScanFrequency = common.ExpirationScanFrequency,
            SizeLimit = common.SizeLimit,
            TrackStatistics = common.TrackStatistics,
        };
    }
}
