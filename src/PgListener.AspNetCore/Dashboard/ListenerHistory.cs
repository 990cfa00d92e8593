namespace PgListener.Dashboard;

/// <summary>Finds what has happened to one listener since its state was last read.</summary>
internal sealed class ListenerHistory(string listener, Timeline timeline, TimeProvider time)
{
    /// <summary>How late a change that was made before the first reading may be reported.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(10);

    private Dictionary<(string Name, string? Channel), Counts> _counts = [];
    private (DateTimeOffset Since, long Seen) _first;
    private (ListenerState State, DateTimeOffset Since)? _state;
    private string? _problem;

    /// <summary>The state has changed, or is read for the first time.</summary>
    public void Note(ListenerStatus status)
    {
        // A change that was reported before the first reading, or that the reading already contains, is not an event.
        if (_state is { } known && (known == (status.State, status.Since) || IsFromBefore(status)))
            return;

        if (_state is null)
            _first = (status.Since, time.GetTimestamp());
        _state = (status.State, status.Since);
        _problem = status.Problem;
        Add(TimelineEventKind.State, status.Since, status.Since, count: 1, state: status.State, problem: status.Problem);
    }

    /// <summary>Compares with the previous reading.</summary>
    public void Compare(ListenerStatus status, IEnumerable<SubscriptionStatistics> statistics, DateTimeOffset since, DateTimeOffset now)
    {
        // If the state differs from the reported one, the event of its change will contain the problem.
        if (_state == (status.State, status.Since))
        {
            if (status.Problem is { } problem && problem != _problem)
                Add(TimelineEventKind.Problem, now, now, count: 1, problem: problem);
            _problem = status.Problem;
        }

        // By name and channel, because readers that come and go have no other identity.
        var groups = statistics.GroupBy(one => (one.Name, one.Channel)).ToDictionary(group => group.Key, group => Counts.Of([.. group]));
        foreach (var (key, count) in groups)
        {
            var before = _counts.GetValueOrDefault(key);
            AddGaps(key, count, before, since, now);
            AddIfMore(TimelineEventKind.Failed, count.Failed - before.Failed);
            AddIfMore(TimelineEventKind.Dropped, count.Dropped - before.Dropped);

            void AddIfMore(TimelineEventKind kind, long more)
            {
                if (more > 0)
                    Add(kind, since, now, more, key.Name, key.Channel);
            }
        }

        _counts = groups;
    }

    /// <summary>Reports new gaps, and one that still grows.</summary>
    private void AddGaps((string Name, string? Channel) key, Counts count, Counts before, DateTimeOffset since, DateTimeOffset now)
    {
        var more = Math.Max(0, count.Gaps - before.Gaps);
        if (more > 0 || (count.LastGap is { } grown && before.LastGap is { } known && grown.Until > known.Until))
            Add(TimelineEventKind.Gap, count.LastGap?.Since ?? since, count.LastGap?.Until ?? now, more, key.Name, key.Channel, reason: count.LastGap?.Reason);
    }

    /// <summary>Applies only for a moment. Later, a time in the past may be new, because the clock may have been set back.</summary>
    private bool IsFromBefore(ListenerStatus status) => status.Since < _first.Since && time.GetElapsedTime(_first.Seen) < Late;

    private void Add(
        TimelineEventKind kind,
        DateTimeOffset since,
        DateTimeOffset until,
        long count,
        string? subscription = null,
        string? channel = null,
        ListenerState? state = null,
        string? problem = null,
        ResyncReason? reason = null)
        => timeline.Add(new()
        {
            Id = 0,
            Kind = kind,
            Listener = listener,
            Since = since,
            Until = until,
            Count = count,
            Subscription = subscription,
            Channel = channel,
            State = state,
            Problem = problem,
            Reason = reason,
        });

    private readonly record struct Counts(long Gaps, GapInfo? LastGap, long Failed, long Dropped)
    {
        public static Counts Of(IReadOnlyList<SubscriptionStatistics> group)
            => new(group.Sum(one => one.Gaps), GapInfo.LatestOf(group), group.Sum(one => one.Failed), group.Sum(one => one.Dropped));
    }
}
