namespace PgListener;

/// <summary>The names and units of the instruments of coherent hybrid caches, on the meter <see cref="PgListenerDiagnostics.MeterName"/>.</summary>
public static class HybridCacheInstruments
{
    /// <summary>Counter, in <see cref="InvalidationUnit"/>: keys and tags whose removal was sent to other instances.</summary>
    public const string InvalidationsSent = "pglistener.hybrid_cache.invalidations.sent";

    /// <summary>Counter, in <see cref="InvalidationUnit"/>: keys and tags whose removal other instances have sent.</summary>
    public const string InvalidationsReceived = "pglistener.hybrid_cache.invalidations.received";

    /// <summary>Counter, in <see cref="ValueUnit"/>: values that were not kept in the local level, because they were invalidated while they were being read.</summary>
    public const string Refused = "pglistener.hybrid_cache.values.refused";

    /// <summary>Counter, in <see cref="ClearUnit"/>: how often the local level was cleared, because invalidations may have been missed.</summary>
    public const string Cleared = "pglistener.hybrid_cache.clears";

    /// <summary>The tag with the cache's name: the channel that its instances share.</summary>
    public const string CacheTag = "pglistener.hybrid_cache.channel";

    /// <summary>The unit of what counts keys and tags.</summary>
    public const string InvalidationUnit = "{invalidation}";

    /// <summary>The unit of what counts values.</summary>
    public const string ValueUnit = "{value}";

    /// <summary>The unit of what counts clears.</summary>
    public const string ClearUnit = "{clear}";
}
