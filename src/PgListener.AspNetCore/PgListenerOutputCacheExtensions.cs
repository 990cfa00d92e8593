using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Logging;
using PgListener;
using PgListener.OutputCaching;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Evicts responses of the output cache when rows change.</summary>
public static class PgListenerOutputCacheExtensions
{
    /// <summary>Evicts responses with certain tags from the output cache whenever any row of a table changes, and after each gap, in which a change may have been missed.</summary>
    /// <typeparam name="T">The class that stands for the table. Its feed is added with <c>AddChangeFeed</c>, or comes from an EF Core model.</typeparam>
    /// <param name="builder">The listener.</param>
    /// <param name="tags">The tags: one or more.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// <para>The application adds the output cache itself, with <c>AddOutputCache()</c>. Whatever its <see cref="IOutputCacheStore"/> is, each instance evicts from it.</para>
    /// <para>
    /// An eviction that fails is repeated until it succeeds. A response with one of the tags that is being created while they are evicted is sent, but not stored. Pending changes
    /// never pause reading for other handlers: if the handler's queue is full, the tags are evicted.
    /// </para>
    /// </remarks>
    /// <exception cref="ArgumentException">There is no tag, or one is empty.</exception>
    public static PgListenerBuilder EvictOutputCache<T>(this PgListenerBuilder builder, params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        return Add<T>(builder, tags, tagsOf: _ => tags, nameof(tags));
    }

    /// <summary>Evicts the responses that depend on the changed rows from the output cache, and all responses of the table after each gap, in which a change may have been missed.</summary>
    /// <typeparam name="T">The class that stands for the table. Its feed is added with <c>AddChangeFeed</c>, or comes from an EF Core model.</typeparam>
    /// <param name="builder">The listener.</param>
    /// <param name="tagsOf">Gets the tags to evict: <c>changes => changes.Keys.Select(key => $"product:{key}")</c>. It may return any number of tags. If it throws, or returns <see langword="null"/> or an empty tag, all responses of the table are evicted.</param>
    /// <param name="allTags">The tags to evict when it is not known what has changed: one or more. Each response that depends on the table has one of them.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">There is no tag for all, or one is empty.</exception>
    /// <inheritdoc cref="EvictOutputCache{T}(PgListenerBuilder, string[])" path="/remarks"/>
    public static PgListenerBuilder EvictOutputCache<T>(this PgListenerBuilder builder, Func<Changes<T>, IEnumerable<string>> tagsOf, params string[] allTags)
    {
        ArgumentNullException.ThrowIfNull(tagsOf);
        ArgumentNullException.ThrowIfNull(allTags);
        return Add(builder, allTags, tagsOf, nameof(allTags));
    }

    private static PgListenerBuilder Add<T>(PgListenerBuilder builder, string[] allTags, Func<Changes<T>, IEnumerable<string>> tagsOf, string parameter)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (allTags.Length == 0 || allTags.Any(string.IsNullOrWhiteSpace))
            throw new ArgumentException("Name at least one tag, and no empty one: after a gap it is evicted.", parameter);

        string[] all = [.. allTags.Distinct(StringComparer.Ordinal)];
        var tags = new TagsOfChanges<T>(tagsOf, all);
        AddEvictor(builder.Services);

        // The store is a parameter so that the start fails if the application has none.
        return builder.AddHandler<Changes<T>, OutputCacheEvictor, IOutputCacheStore>(
            (notification, evictor, _, token) => evictor.EvictAsync(tags.Get(notification.Value, evictor.Logger), typeof(T).Name, token),
            handler =>
            {
                handler.Name = $"OutputCache {string.Join(' ', all)}".Replace(':', '.');
                handler.IsNumbered = true;
                handler.FullQueueMode = FullQueueMode.Drop;
                handler.Durable.Mode = DurableMode.PerInstance;
                handler.OnResync = (_, services, token) => services.GetRequiredService<OutputCacheEvictor>().EvictAsync(all, typeof(T).Name, token);
            });
    }

    private static void AddEvictor(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(EvictedTags)))
            return;

        services.AddSingleton<EvictedTags>();
        services.AddSingleton(provider => new OutputCacheEvictor(
            provider.GetRequiredService<IOutputCacheStore>(),
            provider.GetRequiredService<EvictedTags>(),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetRequiredService<ILoggerFactory>().CreateLogger("PgListener")));
        services.AddOptions<OutputCacheOptions>().Configure<EvictedTags>((options, evicted) => options.AddBasePolicy(new OvertakenResponsePolicy(evicted)));
    }
}
