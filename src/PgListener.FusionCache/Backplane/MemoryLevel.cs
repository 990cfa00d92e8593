using Microsoft.Extensions.Caching.Memory;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane;

namespace PgListener.Backplane;

/// <summary>The memory level of one cache, to be expired after a gap. The cache's builder completes it.</summary>
internal sealed class MemoryLevel
{
    /// <summary>The source of messages that no instance has sent.</summary>
    private const string Source = "PgListener";

    /// <summary>The entries, if the memory cache belongs to this cache alone.</summary>
    public MemoryCache? Entries { get; set; }

    public FusionCacheOptions? Settings { get; set; }

    /// <summary>The cache; <see langword="null"/> until it is built.</summary>
    public IFusionCache? Cache { get; set; }

    /// <summary>Whether a message is about the removal of a tag, or about a clear, which are entries with a time as their value.</summary>
    public bool IsOfTag(BackplaneMessage message)
        => Settings is { } settings && message.CacheKey?.StartsWith(settings.CacheKeyPrefix + settings.InternalStrings.TagCacheKeyPrefix, StringComparison.Ordinal) == true;

    /// <summary>Expires all entries in memory, as messages about them would have done. Neither the distributed cache nor another instance is told.</summary>
    /// <param name="handle">Handles a message of the backplane.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task ExpireAsync(Func<BackplaneMessage, ValueTask> handle, CancellationToken cancellationToken)
    {
        if (Cache is not { } cache || Settings is not { } settings)
            return; // It is being built, and has no entries.

        // It is done by the cache's own calls. A message to the cache would also cancel what it has yet to send about the key.
        var options = cache.DefaultEntryOptions.Duplicate().SetSkipDistributedCache(skip: true, skipBackplaneNotifications: true).SetSkipMemoryCache(skip: false);
        if (Entries is null)
        {
            await cache.ClearAsync(allowFailSafe: true, options, cancellationToken).ConfigureAwait(false);
            return;
        }

        var prefix = settings.CacheKeyPrefix ?? "";
        foreach (var key in Entries.Keys.OfType<string>().Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToArray())
            await cache.ExpireAsync(key[prefix.Length..], options, cancellationToken).ConfigureAwait(false);

        if (!cache.HasDistributedCache || settings.DisableTagging)
            return;

        try
        {
            await RenewClearAsync(cache, settings, settings.InternalStrings.ClearRemoveTag, handle, cancellationToken).ConfigureAwait(false);
            await RenewClearAsync(cache, settings, settings.InternalStrings.ClearExpireTag, handle, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // FusionCache has logged it. The cache may have been cleared, so this instance takes it as cleared.
            await cache.ClearAsync(allowFailSafe: true, options, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A cache with a backplane reads only once when it was cleared. So it is told, as by the message that it may have missed, what the distributed cache has about that.</summary>
    private static async Task RenewClearAsync(IFusionCache cache, FusionCacheOptions settings, string tag, Func<BackplaneMessage, ValueTask> handle, CancellationToken cancellationToken)
    {
        var options = settings.TagsDefaultEntryOptions.Duplicate();
        options.ReThrowDistributedCacheExceptions = true;
        options.ReThrowSerializationExceptions = true;
        var key = settings.InternalStrings.TagCacheKeyPrefix + tag;
        var cleared = await cache.TryGetAsync<long>(key, options, cancellationToken).ConfigureAwait(false);
        if (cleared.HasValue && cleared.Value > 0)
            await handle(BackplaneMessage.CreateForEntrySet(Source, settings.CacheKeyPrefix + key, cleared.Value)).ConfigureAwait(false);
    }
}
