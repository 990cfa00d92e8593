namespace PgListener.Chaos.Faults;

/// <summary>Which faults happen when, drawn from a seed. Five lanes run side by side, so that faults meet.</summary>
public sealed record Plan(IReadOnlyList<Step> Server, IReadOnlyList<Step> Network, IReadOnlyList<Step> Settings, IReadOnlyList<Step> Load, IReadOnlyList<Step> User)
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    /// <summary>Everything that is due in any lane.</summary>
    public IEnumerable<Step> All => [.. Server, .. Network, .. Settings, .. Load, .. User];

    public static Plan Draw(int seed, TimeSpan duration)
    {
        var random = new Random(seed);
        return new(
            DrawLane(random, duration, FaultKind.TerminateListening, FaultKind.PauseLong, TimeSpan.FromSeconds(5)),
            DrawLane(random, duration, FaultKind.Reset, FaultKind.Stall, TimeSpan.FromSeconds(4)),
            DrawLane(random, duration, FaultKind.IdleSessionTimeout, FaultKind.ClockForward, TimeSpan.FromSeconds(4)),
            DrawLane(random, duration, FaultKind.NeighbourHangs, FaultKind.UnreadablePayload, TimeSpan.FromSeconds(3)),
            DrawLane(random, duration, FaultKind.Subscribe, FaultKind.StopCancelledAndStart, TimeSpan.FromSeconds(1.5)));
    }

    /// <summary>Deals out all kinds of a lane, shuffled, again and again: none is left to chance.</summary>
    private static List<Step> DrawLane(Random random, TimeSpan duration, FaultKind first, FaultKind last, TimeSpan longestPause)
    {
        var deck = Enumerable.Range((int)first, last - first + 1).Select(kind => (FaultKind)kind).ToArray();
        var steps = new List<Step>();
        var at = Calm;
        while (at < duration)
        {
            random.Shuffle(deck);
            foreach (var kind in deck)
            {
                steps.Add(new(at, kind, random.Next()));
                at += random.NextDouble() * longestPause;
            }
        }

        return steps;
    }
}
