namespace PgListener.Chaos.Faults;

/// <summary>One fault of the plan.</summary>
/// <param name="At">When it is due. A lane does one thing at a time, so it may be late.</param>
/// <param name="Kind">What to do.</param>
/// <param name="Seed">What everything else about it is drawn from.</param>
public sealed record Step(TimeSpan At, FaultKind Kind, int Seed);

/// <summary>Which faults happen when, drawn from a seed. Three lanes run side by side, so that faults meet.</summary>
public sealed record Plan(IReadOnlyList<Step> Server, IReadOnlyList<Step> Network, IReadOnlyList<Step> User)
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    public static Plan Draw(int seed, TimeSpan duration)
    {
        var random = new Random(seed);
        return new(
            DrawLane(random, duration, FaultKind.TerminateListening, FaultKind.PauseLong, TimeSpan.FromSeconds(4)),
            DrawLane(random, duration, FaultKind.Reset, FaultKind.Stall, TimeSpan.FromSeconds(3)),
            DrawLane(random, duration, FaultKind.Subscribe, FaultKind.StopAndStartWhileFrozen, TimeSpan.FromSeconds(1.5)));
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
