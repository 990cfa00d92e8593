namespace PgListener.Chaos.Logs;

/// <summary>Everything that was recorded in a run. The checker knows nothing else.</summary>
public sealed class RunLog
{
    private readonly Lock _sync = new();
    private readonly List<SubscriptionLog> _subscriptions = [];
    private readonly List<SubjectLog> _listeners = [];
    private readonly List<Fault> _faults = [];
    private readonly List<string> _errors = [];

    public RunLog(IEnumerable<string> channels)
    {
        Sent = channels.ToDictionary(channel => channel, _ => new List<Sent>());
    }

    /// <summary>What was sent on each channel, in order. Only the publisher adds to it.</summary>
    public IReadOnlyDictionary<string, List<Sent>> Sent { get; }

    public IReadOnlyList<SubscriptionLog> Subscriptions => _subscriptions;

    public IReadOnlyList<SubjectLog> Listeners => _listeners;

    public IReadOnlyList<Fault> Faults => _faults;

    /// <summary>What was seen to be wrong at once, without need of comparing.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>The most memory that was seen in use, when, and how many entries the logs had by then.</summary>
    public (long Bytes, long Entries, DateTimeOffset At) Memory { get; set; }

    /// <summary>When the last fault was over; <see langword="null"/> if the run did not get so far.</summary>
    public DateTimeOffset? HealedAt { get; set; }

    public long Entries => Sent.Values.Sum(sent => (long)sent.Count) + Snapshot().Sum(subscription => (long)subscription.Given.Count);

    public SubscriptionLog[] Snapshot()
    {
        lock (_sync)
            return [.. _subscriptions];
    }

    public SubscriptionLog Add(SubscriptionLog subscription)
    {
        lock (_sync)
            _subscriptions.Add(subscription);
        return subscription;
    }

    public SubjectLog Add(SubjectLog listener)
    {
        lock (_sync)
            _listeners.Add(listener);
        return listener;
    }

    public void Add(Fault fault)
    {
        lock (_sync)
            _faults.Add(fault);
    }

    public void AddError(string error)
    {
        lock (_sync)
            _errors.Add(error);
    }
}
