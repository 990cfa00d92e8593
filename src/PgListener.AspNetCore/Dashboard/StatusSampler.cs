using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Dashboard;

/// <summary>
/// Looks at the listeners when it is asked to, and keeps the time line. Changes of state are told to it; all else it learns by
/// comparing counts, and so it looks once more soon after each change, when the gaps of a reconnect have been announced.
/// </summary>
internal sealed class StatusSampler(IServiceProvider services, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    private readonly Lock _sync = new();
    private readonly Timeline _timeline = new();
    private (IPgListener Listener, ListenerHistory History)[]? _listeners;
    private DateTimeOffset _lastLook = ProcessInfo.Current.StartedAt;
    private (long Version, ReadOnlyMemory<byte> Frame) _encoded = (-1, default);
    private long _frames;
    private ITimer? _lookSoon;

    /// <summary>Tells the latest of these timers from one that was replaced when it had gone off already.</summary>
    private object? _due;

    /// <summary>Begins to keep the time line.</summary>
    public void Start()
    {
        lock (_sync)
            Listeners();
    }

    /// <summary>Everything that is known now.</summary>
    public StatusDocument Read()
    {
        lock (_sync)
            return Look() with { Timeline = _timeline.Snapshot() };
    }

    /// <summary>The same, for the stream.</summary>
    public StatusFrame ReadFrame()
    {
        lock (_sync)
        {
            var status = Encode("status", Look(), DashboardJson.Default.StatusDocument);
            if (_encoded.Version != _timeline.Version)
                _encoded = (_timeline.Version, Encode("timeline", _timeline.Snapshot(), DashboardJson.Default.IReadOnlyListTimelineEvent));
            return new(++_frames, status, _encoded.Frame);
        }
    }

    private StatusDocument Look()
    {
        var listeners = Listeners();
        var now = time.GetUtcNow();
        var infos = new ListenerInfo[listeners.Length];
        for (var i = 0; i < listeners.Length; i++)
        {
            var (listener, history) = listeners[i];
            var status = listener.Status;
            var statistics = listener.GetStatistics();
            history.Compare(status, statistics, _lastLook, now);
            infos[i] = ListenerInfo.From(listener.Name, status, SubscriptionInfo.From(statistics));
        }

        _lastLook = now;
        return new() { Time = now, Process = ProcessInfo.Current, Listeners = infos };
    }

    /// <summary>The listener without a name, if there is one, and then the others by name.</summary>
    private (IPgListener Listener, ListenerHistory History)[] Listeners()
    {
        if (_listeners is not null)
            return _listeners;

        _listeners = [.. services.GetServices<IPgListener>()
            .Concat(services.GetKeyedServices<IPgListener>(KeyedService.AnyKey))
            .Distinct()
            .OrderBy(listener => listener.Name, StringComparer.Ordinal)
            .Select(listener => (listener, new ListenerHistory(listener.Name, _timeline)))];
        foreach (var (listener, history) in _listeners)
        {
            listener.StateChanged += (_, change) => Note(history, change.Status);
            history.Note(listener.Status);
        }

        return _listeners;
    }

    private void Note(ListenerHistory history, ListenerStatus status)
    {
        lock (_sync)
        {
            history.Note(status);
            if (stopping.IsCancellationRequested)
                return;

            _lookSoon?.Dispose();
            _due = new object();
            _lookSoon = time.CreateTimer(LookSoon, _due, Soon, Timeout.InfiniteTimeSpan);
        }
    }

    private void LookSoon(object? due)
    {
        lock (_sync)
        {
            if (due != _due)
                return; // Another change came meanwhile, and has a timer of its own.

            _lookSoon?.Dispose();
            _lookSoon = null;
            if (stopping.IsCancellationRequested)
                return;

            try
            {
                Look();
            }
            catch (Exception)
            {
                // A listener of the user's own may throw anything. Whoever watches the page will hear of it; the process does not end for it.
            }
        }
    }

    private static ReadOnlyMemory<byte> Encode<T>(string type, T data, JsonTypeInfo<T> json)
        => (byte[])[.. "event: "u8, .. System.Text.Encoding.ASCII.GetBytes(type), .. "\ndata: "u8, .. JsonSerializer.SerializeToUtf8Bytes(data, json), .. "\n\n"u8];
}
