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
        var counts = statistics.GroupBy(one => (one.Name, one.Channel)).ToDictionary(group => group.Key, group => Counts.Of(group));
        foreach (var (key, count) in counts)
        {
            var before = _counts.GetValueOrDefault(key);
            AddIfMore(TimelineEventKind.Gap, count.Gaps - before.Gaps);
            AddIfMore(TimelineEventKind.Failed, count.Failed - before.Failed);
            AddIfMore(TimelineEventKind.Dropped, count.Dropped - before.Dropped);

            void AddIfMore(TimelineEventKind kind, long more)
            {
                if (more > 0)
                    Add(kind, since, now, more, key.Name, key.Channel);
            }
        }

        _counts = counts;
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
        string? problem = null)
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
        });

    private readonly record struct Counts(long Gaps, long Failed, long Dropped)
    {
        /// <summary>The first gap of each is its beginning, which is nothing to report.</summary>
        public static Counts Of(IEnumerable<SubscriptionStatistics> group)
            => group.Aggregate(default(Counts), (sum, one) => new(sum.Gaps + Math.Max(0, one.Gaps - 1), sum.Failed + one.Failed, sum.Dropped + one.Dropped));
    }
}
