namespace PgListener.Dashboard;

/// <summary>Finds out what has happened to one listener since it was last looked at.</summary>
internal sealed class ListenerHistory(string listener, Timeline timeline, TimeProvider time)
{
    /// <summary>How late a change may be told that was made before the first look.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(10);

    private Dictionary<(string Name, string? Channel), Counts> _counts = [];
    private (DateTimeOffset Since, long Seen) _first;
    private (ListenerState State, DateTimeOffset Since)? _state;
    private string? _problem;

    /// <summary>The state has changed, or is seen for the first time.</summary>
    public void Note(ListenerStatus status)
    {
        // What was said before the first look, or is what was seen by it, is no news.
        if (_state is { } known && (known == (status.State, status.Since) || IsFromBefore(status)))
            return;

        if (_state is null)
            _first = (status.Since, time.GetTimestamp());
        _state = (status.State, status.Since);
        _problem = status.Problem;
        Add(TimelineEventKind.State, status.Since, status.Since, count: 1, state: status.State, problem: status.Problem);
    }

    /// <summary>Compares with what was seen the last time.</summary>
    public void Compare(ListenerStatus status, IEnumerable<SubscriptionStatistics> statistics, DateTimeOffset since, DateTimeOffset now)
    {
        // Of another state than the one that was told, the change itself brings the problem.
        if (_state == (status.State, status.Since))
        {
            if (status.Problem is { } problem && problem != _problem)
                Add(TimelineEventKind.Problem, now, now, count: 1, problem: problem);
            _problem = status.Problem;
        }

        // By name and channel, since nothing else tells two readers apart that come and go.
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

    /// <summary>Tells of gaps that are new, and of one that still grows.</summary>
    private void AddGaps((string Name, string? Channel) key, Counts count, Counts before, DateTimeOffset since, DateTimeOffset now)
    {
        var more = Math.Max(0, count.Gaps - before.Gaps);
        if (more > 0 || (count.LastGap is { } grown && before.LastGap is { } known && grown.Until > known.Until))
            Add(TimelineEventKind.Gap, count.LastGap?.Since ?? since, count.LastGap?.Until ?? now, more, key.Name, key.Channel, reason: count.LastGap?.Reason);
    }

    /// <summary>Only for a moment: later the clock may have been set back, and what looks old is news.</summary>
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
