using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PgListener.Dashboard.DurableChannels;

namespace PgListener.Dashboard;

/// <summary>
/// Reads the state of the listeners on request, and keeps the timeline. It is notified of changes of state. Everything else it finds by
/// comparing counts, so it reads once more soon after each change, when the gaps of a reconnect have been announced.
/// </summary>
/// <remarks>
/// There are two locks. <c>_looking</c> makes readings follow each other, so that counts are compared in the order in which they were read.
/// <c>_sync</c> guards the timeline. No listener is called while it is held, so that a listener that reports a change need not wait for a reading.
/// </remarks>
internal sealed class StatusSampler(IServiceProvider services, DurableSampler durable, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    private readonly Lock _looking = new();
    private readonly Lock _sync = new();
    private readonly Timeline _timeline = new(time);
    private readonly DurableHistory _durableHistory = new();
    private (IPgListener Listener, ListenerHistory History)[]? _listeners;
    private DateTimeOffset? _lastLook;
    private Type? _lastFailure;
    private (long Version, ReadOnlyMemory<byte> Frame) _encoded = (-1, default);
    private (IReadOnlyList<DurableInfo> Reading, ReadOnlyMemory<byte> Frame) _encodedDurable = ([], default);
    private long _frames;
    private ITimer? _lookSoon;

    /// <summary>Distinguishes the latest timer from one that was replaced after it had fired.</summary>
    private object? _due;

    /// <summary>Begins to keep the timeline.</summary>
    public void Start()
    {
        lock (_looking)
            Listeners();
    }

    /// <summary>Reads the current state.</summary>
    public StatusDocument Read()
    {
        lock (_looking)
        {
            var document = Look();
            var reading = durable.Latest();
            lock (_sync)
            {
                _durableHistory.AddTo(_timeline, reading, document.Time);
                return document with { Durable = reading.Count > 0 ? reading : null, Timeline = _timeline.Snapshot() };
            }
        }
    }

    /// <summary>Does the same for the stream.</summary>
    public StatusFrame ReadFrame()
    {
        lock (_looking)
        {
            var seen = time.GetTimestamp();
            var document = Look();
            var status = Encode("status", document, DashboardJson.Default.StatusDocument);
            var reading = durable.Latest();
            if (!ReferenceEquals(reading, _encodedDurable.Reading))
                _encodedDurable = (reading, Encode("durable", reading, DashboardJson.Default.IReadOnlyListDurableInfo));
            IReadOnlyList<TimelineEvent>? changed = null;
            lock (_sync)
            {
                _durableHistory.AddTo(_timeline, reading, document.Time);
                if (_encoded.Version != _timeline.Version)
                    (changed, _encoded.Version) = (_timeline.Snapshot(), _timeline.Version);
            }

            if (changed is not null)
                _encoded.Frame = Encode("timeline", changed, DashboardJson.Default.IReadOnlyListTimelineEvent);
            return new(++_frames, seen, status, _encoded.Frame, _encodedDurable.Frame);
        }
    }

    private StatusDocument Look()
    {
        var listeners = Listeners();
        var seen = Array.ConvertAll(listeners, one => Ask(one.Listener));
        _lastFailure = null;
        var now = time.GetUtcNow();

        // The clock may have been set back since.
        var since = _lastLook is { } last ? (last < now ? last : now) : ProcessInfo.Current.StartedAt;
        lock (_sync)
        {
            for (var i = 0; i < listeners.Length; i++)
                listeners[i].History.Compare(seen[i].Status, seen[i].Statistics, since, now);
        }

        _lastLook = now;
        return new()
        {
            Time = now,
            Process = ProcessInfo.Current,
            Listeners = [.. listeners.Zip(seen, static (one, status) => ListenerInfo.From(one.Listener.Name, status.Status, SubscriptionInfo.From(status.Statistics)))],
        };
    }

    private (ListenerStatus Status, IReadOnlyList<SubscriptionStatistics> Statistics) Ask(IPgListener listener)
    {
        try
        {
            return (listener.Status, listener.GetStatistics());
        }
        catch (Exception e)
        {
            if (_lastFailure != e.GetType())
                logger.LookFailed(e, listener.Name.ReplaceLineEndings(" "));
            _lastFailure = e.GetType();
            throw;
        }
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
            .Select(listener => (listener, new ListenerHistory(listener.Name, _timeline, time)))];
        foreach (var (listener, history) in _listeners)
        {
            listener.StateChanged += (_, change) => Note(history, change.Status);
            var status = listener.Status;
            lock (_sync)
                history.Note(status);
        }

        durable.Start(_listeners.Select(static one => one.Listener.Name));
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
                return; // A later change has a timer of its own.

            _lookSoon?.Dispose();
            _lookSoon = null;
        }

        if (stopping.IsCancellationRequested)
            return;

        try
        {
            lock (_looking)
                Look();
        }
        catch (Exception)
        {
            // The user's own implementation of a listener may throw anything. It is logged, and the process goes on.
        }
    }

    private static ReadOnlyMemory<byte> Encode<T>(string type, T data, JsonTypeInfo<T> json)
        => (byte[])[.. "event: "u8, .. System.Text.Encoding.ASCII.GetBytes(type), .. "\ndata: "u8, .. JsonSerializer.SerializeToUtf8Bytes(data, json), .. "\n\n"u8];
}
