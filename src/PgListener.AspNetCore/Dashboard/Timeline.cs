namespace PgListener.Dashboard;

/// <summary>The latest events, the latest last. What goes on without a pause is one event that grows, so that it does not push out the others.</summary>
internal sealed class Timeline
{
    private const int Capacity = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly List<TimelineEvent> _events = [];
    private long _lastId;

    /// <summary>Grows with each change.</summary>
    public long Version { get; private set; }

    public IReadOnlyList<TimelineEvent> Snapshot() => [.. _events];

    /// <summary>Adds an event; its id is given here.</summary>
    public void Add(TimelineEvent happened)
    {
        Version++;
        var earlier = happened.Kind == TimelineEventKind.State ? -1 : _events.FindLastIndex(known => IsContinued(known, happened));
        if (earlier >= 0)
        {
            var known = _events[earlier];
            _events.RemoveAt(earlier);
            _events.Add(known with { Until = happened.Until, Count = known.Count + happened.Count, Problem = happened.Problem });
            return;
        }

        _events.Add(happened with { Id = ++_lastId });
        if (_events.Count > Capacity)
            _events.RemoveAt(0);
    }

    private static bool IsContinued(TimelineEvent known, TimelineEvent happened)
        => known.Kind == happened.Kind
            && (known.Listener, known.Subscription, known.Channel) == (happened.Listener, happened.Subscription, happened.Channel)
            && happened.Until - known.Until <= Pause;
}
