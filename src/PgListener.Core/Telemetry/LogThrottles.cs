using System.Collections.Concurrent;

namespace PgListener.Telemetry;

/// <summary>A <see cref="LogThrottle"/> for each kind of what happens. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class LogThrottles(TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, LogThrottle> _throttles = new(StringComparer.Ordinal);

    /// <summary>Records one occurrence.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="report">Logs how many more of this kind there were.</param>
    /// <param name="other">What all further kinds are called when there are very many.</param>
    /// <returns>Whether to log it in full. Otherwise it was counted.</returns>
    public bool IsNew(string kind, Action<long> report, string other = PgListenerTags.Other)
    {
        if (!_throttles.TryGetValue(kind, out var throttle))
            throttle = _throttles.GetOrAdd(_throttles.Count < ErrorCounts.MaxTypes ? kind : other, static (_, given) => new(given.Time, given.Report), (Time: time, Report: report));
        return throttle.IsNew();
    }

    /// <summary>Logs the counts that were not logged yet.</summary>
    public void Dispose()
    {
        foreach (var throttle in _throttles.Values)
            throttle.Dispose();
    }
}
