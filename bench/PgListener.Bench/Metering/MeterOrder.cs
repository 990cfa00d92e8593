namespace PgListener.Bench;

/// <summary>What a consumer is about to receive, and what it measures.</summary>
internal sealed record MeterOrder
{
    /// <summary>How many notifications; with none, the time until the figures are asked for is measured.</summary>
    public int Count { get; init; }

    /// <summary>How many handlers get each of them.</summary>
    public int Lanes { get; init; } = 1;

    /// <summary>Whether several handlers count together, at the same time.</summary>
    public bool IsShared { get; init; }

    public bool Latency { get; init; }

    /// <summary>Whether each id's arrival is kept, for who knows when it was sent. Needs <see cref="Latency"/>.</summary>
    public bool Arrivals { get; init; }

    /// <summary>Whether nobody knows how many will come, because other processes get some of them. <see cref="Count"/> is 0 then.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Whether the memory in use is measured, with a full collection for each of the samples.</summary>
    public bool Memory { get; init; }

    /// <summary>How long the handler keeps the processor busy.</summary>
    public int SpinMicroseconds { get; init; }

    /// <summary>How long the handler waits for something else, if it can wait.</summary>
    public int WaitMilliseconds { get; init; }
}
