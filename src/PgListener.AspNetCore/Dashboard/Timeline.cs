namespace PgListener.Dashboard;

/// <summary>The latest events, the newest last. Something that continues without a pause is one event that grows, so that it does not displace the others.</summary>
internal sealed class Timeline(TimeProvider time)
{
    private const int Capacity = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>The events, each with the timestamp of its last change, because the times that are shown come from a clock that may be set.</summary>
    private readonly List<(TimelineEvent Event, long Added)> _events = [];
    private long _lastId;

    /// <summary>Grows with each change.</summary>
    public long Version { get; private set; }

    public IReadOnlyList<TimelineEvent> Snapshot() => _events.ConvertAll(static one => one.Event);

    /// <summary>Adds an event, and assigns its id. An event with a count of zero only extends an earlier one.</summary>
    public void Add(TimelineEvent happened)
    {
        var earlier = happened.Kind == TimelineEventKind.State ? -1 : _events.FindLastIndex(known => IsContinued(known, happened));
        if (earlier < 0 && happened.Count == 0)
            return;

        Version++;
        if (earlier >= 0)
        {
            var known = _events[earlier].Event;
            _events.RemoveAt(earlier);
            happened = known with
            {
                Until = known.Until < happened.Until ? happened.Until : known.Until,
                Count = known.Count + happened.Count,
                Problem = happened.Problem,
            };
        }
        else
        {
            happened = happened with { Id = ++_lastId };
        }

        _events.Add((happened, time.GetTimestamp()));
        if (_events.Count > Capacity)
            _events.RemoveAt(0);
    }

    private bool IsContinued((TimelineEvent Event, long Added) known, TimelineEvent happened)
        => known.Event.Kind == happened.Kind
            && (known.Event.Listener, known.Event.Subscription, known.Event.Channel, known.Event.Reason)
                == (happened.Listener, happened.Subscription, happened.Channel, happened.Reason)
            && time.GetElapsedTime(known.Added) <= Pause;
}
