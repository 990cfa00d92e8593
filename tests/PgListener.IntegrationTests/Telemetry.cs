using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PgListener.IntegrationTests;

/// <summary>The metrics of one listener, told from others by its name, and the spans of its channels.</summary>
internal sealed class Telemetry : IDisposable
{
    private readonly string _name;
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;
    private readonly ConcurrentDictionary<string, double> _observed = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _recorded = [];

    public Telemetry(string name)
    {
        _name = name;
        _meters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == PgListenerDiagnostics.MeterName)
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _meters.Start();
        _activities = new()
        {
            ShouldListenTo = static source => source.Name == PgListenerDiagnostics.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem(PgListenerTags.Listener) as string == _name)
                    Spans.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(_activities);
    }

    /// <summary>The spans that have ended.</summary>
    public Received<Activity> Spans { get; } = new();

    /// <summary>What was recorded, instrument and tags but not the value.</summary>
    public IReadOnlyCollection<string> Recorded => _recorded;

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    /// <summary>All that is observed now: instrument, the values of the tags that tell series apart, and the value.</summary>
    public IReadOnlyDictionary<string, double> Observe()
    {
        _observed.Clear();
        _meters.RecordObservableInstruments();
        return _observed;
    }

    /// <summary>Observes until a value is as expected, and says what it is if it does not become so.</summary>
    public async Task UntilAsync(string series, double expected)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (!Observe().TryGetValue(series, out var value) || value != expected)
        {
            Assert.False(limit.IsCancellationRequested, $"{series} is not {expected}:\n{this}");
            await Task.Yield();
        }
    }

    public override string ToString()
        => string.Join('\n', Observe().Select(entry => FormattableString.Invariant($"{entry.Key} {entry.Value}")).Order(StringComparer.Ordinal));

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = tags.ToArray();
        if (!all.Any(tag => tag.Key == PgListenerTags.Listener && tag.Value as string == _name))
            return;

        var telling = all.Where(tag => tag.Key is PgListenerTags.Subscription or PgListenerTags.ErrorType or PgListenerTags.DropReason or PgListenerTags.GapReason or PgListenerTags.State)
            .OrderBy(tag => tag.Key == PgListenerTags.Subscription ? 0 : 1).Select(tag => tag.Value);
        var series = $"{instrument.Name} {string.Join(' ', telling)}".TrimEnd();
        if (instrument.IsObservable)
            _observed[series] = value;
        else
            _recorded.Enqueue(series);
    }
}
