using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PgListener;
using PgListener.HybridCaching;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Removes values from the application's hybrid cache when rows change.</summary>
public static class PgListenerHybridCacheExtensions
{
    /// <summary>Removes the values of changed rows from the application's <see cref="HybridCache"/>, by key; and after each gap, in which a change may have been missed, all values of the table.</summary>
    /// <typeparam name="T">The class that stands for the table. Its feed is added with <c>AddChangeFeed</c>, or comes from an EF Core model.</typeparam>
    /// <param name="builder">The listener.</param>
    /// <param name="keyOf">Maps the key of a row to the key in the cache: <c>key => $"product:{key}"</c>. If it throws or returns <see langword="null"/>, all values of the table are removed.</param>
    /// <param name="allTags">The tags to remove when it is not known what has changed. Each value that depends on the table has one of them. Without tags, the whole cache is cleared in these cases.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// <para>
    /// The cache is the one of <c>AddHybridCache()</c>, made coherent with <c>AddPgListenerCoherence()</c>; this method adds both if the application has not. So a value
    /// that was being read while its row changed is returned, but not kept.
    /// </para>
    /// <para>
    /// Each instance receives the change, and removes the values from its local level and from the shared one, if there is one. An instance also removes all values of the table from both when it
    /// starts, because changes may have happened while no instance was listening. The shared level follows in the background, where a removal is retried until it succeeds; what is to be removed there is not read meanwhile.
    /// </para>
    /// <para>If several values of the cache depend on one row, call it once for each of their keys.</para>
    /// <para>A handler with the name <c>HybridCache</c> removes them; that of a second call is <c>HybridCache 2</c>. It never pauses reading: if its queue is full, all values of the table are removed.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">A tag is empty.</exception>
    public static PgListenerBuilder InvalidateHybridCache<T>(this PgListenerBuilder builder, Func<ChangeKey, string> keyOf, params string[] allTags)
    {
        ArgumentNullException.ThrowIfNull(keyOf);
        ThrowIfEmpty(allTags);
        var keys = new KeysOfRows(keyOf, typeof(T).Name);
        return Add<T>(builder, "HybridCache", allTags, (services, changes) => keys.TryGet(changes.Keys, LoggerOf(services)));
    }

    /// <summary>Removes all values with certain tags from the application's <see cref="HybridCache"/> whenever any row of a table changes, and after each gap, in which a change may have been missed.</summary>
    /// <typeparam name="T">The class that stands for the table. Its feed is added with <c>AddChangeFeed</c>, or comes from an EF Core model.</typeparam>
    /// <param name="builder">The listener.</param>
    /// <param name="tags">The tags: one or more.</param>
    /// <returns>The builder.</returns>
    /// <remarks>The cache is the one of <c>AddHybridCache()</c>, made coherent with <c>AddPgListenerCoherence()</c>; this method adds both if the application has not.</remarks>
    /// <exception cref="ArgumentException">There is no tag, or one is empty.</exception>
    public static PgListenerBuilder InvalidateHybridCache<T>(this PgListenerBuilder builder, params string[] tags)
    {
        ThrowIfEmpty(tags);
        if (tags.Length == 0)
            throw new ArgumentException("Name at least one tag, or give a function that gets the key of a row.", nameof(tags));
        return Add<T>(builder, $"HybridCache {string.Join(' ', tags)}".Replace(':', '.'), tags, static (_, _) => null);
    }

    private static PgListenerBuilder Add<T>(PgListenerBuilder builder, string name, string[] allTags, Func<IServiceProvider, Changes<T>, IReadOnlyCollection<string>?> keysOf)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (!services.Any(service => service.ServiceType == typeof(CacheRegistration) && service.ImplementationInstance is CacheRegistration { Key: null }))
            services.AddPgListenerCoherence(options => options.ListenerName = builder.Name);

        return builder.AddHandler<Changes<T>, HybridCache, IServiceProvider>(
            (notification, cache, scope, token) =>
            {
                var invalidation = InvalidationOf(cache);
                if (keysOf(scope, notification.Value) is not { } keys)
                    return invalidation.RemoveByTagAsync(allTags, token);

                invalidation.Remove(keys);
                return Task.CompletedTask;
            },
            handler =>
            {
                handler.Name = name;
                handler.IsNumbered = true;
                handler.FullQueueMode = FullQueueMode.Drop;
                handler.IsPerInstance = true;
                handler.OnResync = (_, scope, token) => InvalidationOf(scope.GetRequiredService<HybridCache>()).RemoveByTagAsync(allTags, token);
            });
    }

    /// <summary>The cache is coherent: its own service has checked it when the host started.</summary>
    private static FeedInvalidation InvalidationOf(HybridCache cache) => new(((CoherentHybridCache)cache).Levels);

    private static ILogger LoggerOf(IServiceProvider services) => (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("PgListener");

    private static void ThrowIfEmpty(string[] tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        if (tags.Any(string.IsNullOrWhiteSpace))
            throw new ArgumentException("A tag must not be empty.", nameof(tags));
    }
}
