namespace PgListener.Chaos.Checks;

/// <summary>What the checker found, and counted on the way.</summary>
public sealed class CheckResult
{
    private readonly List<Violation> _violations = [];

    public IReadOnlyList<Violation> Violations => _violations;

    /// <summary>Notifications given, each counted once for every subscription.</summary>
    public long Delivered { get; set; }

    /// <summary>Notifications not given, and announced.</summary>
    public long LostAndAnnounced { get; set; }

    /// <summary>Notifications not given, and not announced.</summary>
    public long LostSilently { get; set; }

    /// <summary>Notifications not given, and announced with a window in which they were not committed.</summary>
    public long LostOutsideWindow { get; set; }

    public long Duplicates { get; set; }

    public IDictionary<ResyncReason, int> Gaps { get; } = new SortedDictionary<ResyncReason, int>();

    public int Reconnects { get; set; }

    /// <summary>Overflows of subscriptions that were not slow themselves.</summary>
    public int InnocentOverflows { get; set; }

    /// <summary>Overflows of which it was asked whether they had to be.</summary>
    public int OverflowsJudged { get; set; }

    /// <summary>Notifications of which it was asked whether they arrived in time, each counted once for every subscription.</summary>
    public long ArrivalsJudged { get; set; }

    /// <summary>Cut connections of which it was asked whether that was noticed in time.</summary>
    public int CutsJudged { get; set; }

    public void Add(Rule rule, string subject, DateTimeOffset at, string text, int? position = null)
        => _violations.Add(new(rule, subject, at, text, position));
}
