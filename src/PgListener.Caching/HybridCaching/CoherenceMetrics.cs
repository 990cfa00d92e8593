using System.Diagnostics.Metrics;
using PgListener.Telemetry;

namespace PgListener.HybridCaching;

/// <summary>The instruments of one hybrid cache.</summary>
internal sealed class CoherenceMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _received;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _cleared;
    private readonly KeyValuePair<string, object?> _cache;

    public CoherenceMetrics(IMeterFactory? factory, string cache)
    {
        _meter = MeterSource.Of(factory);
        _cache = new(HybridCacheInstruments.CacheTag, cache);
        _sent = _meter.CreateCounter<long>(HybridCacheInstruments.InvalidationsSent, HybridCacheInstruments.InvalidationUnit, "Keys and tags whose removal was sent to other instances.");
        _received = _meter.CreateCounter<long>(HybridCacheInstruments.InvalidationsReceived, HybridCacheInstruments.InvalidationUnit, "Keys and tags whose removal other instances have sent.");
        _refused = _meter.CreateCounter<long>(HybridCacheInstruments.Refused, HybridCacheInstruments.ValueUnit, "Values that were not kept in the local level, because they were invalidated while they were being read.");
        _cleared = _meter.CreateCounter<long>(HybridCacheInstruments.Cleared, HybridCacheInstruments.ClearUnit, "How often the local level was cleared, because invalidations may have been missed.");
    }

    public void Send(int count) => _sent.Add(count, _cache);

    public void Receive(int count) => _received.Add(count, _cache);

    public void Refuse() => _refused.Add(1, _cache);

    public void Clear() => _cleared.Add(1, _cache);

    public void Dispose() => _meter.Dispose();
}
