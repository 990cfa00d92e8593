namespace PgListener.Dashboard;

/// <summary>Something that has happened. It never contains payloads or messages of exceptions.</summary>
internal sealed record TimelineEvent
{
    /// <summary>Ascending, in the order in which events were first noticed.</summary>
    public required long Id { get; init; }

    public required TimelineEventKind Kind { get; init; }

    public required string Listener { get; init; }

    /// <summary>When it happened. For a gap, from when on notifications may be missing; for an event that was found by comparing counts, the time of the earlier reading.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Until when it happened; the same as <see cref="Since"/> for a moment.</summary>
    public required DateTimeOffset Until { get; init; }

    public ListenerState? State { get; init; }

    public string? Problem { get; init; }

    /// <summary>The reason of a gap.</summary>
    public ResyncReason? Reason { get; init; }

    public string? Subscription { get; init; }

    public string? Channel { get; init; }

    /// <summary>How often.</summary>
    public required long Count { get; init; }
}
