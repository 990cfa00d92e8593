using System.Collections.Concurrent;

namespace PgListener.Telemetry;

/// <summary>A <see cref="LogThrottle"/> for each kind of what happens. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class LogThrottles(TimeProvider time) : IDisposable
{
    /// <summary>Made when something happens for the first time, because most subscriptions never log anything.</summary>
    private ConcurrentDictionary<string, LogThrottle>? _throttles;

    /// <summary>Records one occurrence.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="report">Logs how many more of this kind there were.</param>
    /// <param name="other">What all further kinds are called when there are very many.</param>
    /// <returns>Whether to log it in full. Otherwise it was counted.</returns>
    public bool IsNew(string kind, Action<long> report, string other = PgListenerTags.Other)
    {
        var throttles = LazyInitializer.EnsureInitialized(ref _throttles, static () => new(StringComparer.Ordinal));
        if (!throttles.TryGetValue(kind, out var throttle))
            throttle = throttles.GetOrAdd(throttles.Count < ErrorCounts.MaxTypes ? kind : other, static (_, given) => new(given.Time, given.Report), (Time: time, Report: report));
        return throttle.IsNew();
    }

    /// <summary>Logs the counts that were not logged yet.</summary>
    public void Dispose()
    {
        if (Volatile.Read(ref _throttles) is not { } throttles)
            return;

        foreach (var throttle in throttles.Values)
            throttle.Dispose();
    }
}
