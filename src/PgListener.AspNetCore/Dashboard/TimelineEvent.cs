namespace PgListener.Dashboard;

/// <summary>Something that has happened. Neither payloads nor messages of exceptions go in here.</summary>
internal sealed record TimelineEvent
{
    /// <summary>Ascending, in the order in which events began to be known.</summary>
    public required long Id { get; init; }

    public required TimelineEventKind Kind { get; init; }

    public required string Listener { get; init; }

    /// <summary>When it happened: of a gap, from when on notifications may be missing; of other things that were seen by comparing counts, after when.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Until when it happened; the same as <see cref="Since"/> for a moment.</summary>
    public required DateTimeOffset Until { get; init; }

    public ListenerState? State { get; init; }

    public string? Problem { get; init; }

    /// <summary>Of a gap: why.</summary>
    public ResyncReason? Reason { get; init; }

    public string? Subscription { get; init; }

    public string? Channel { get; init; }

    /// <summary>How often.</summary>
    public required long Count { get; init; }
}
