namespace PgListener.Durable.Chaos.Faults;

/// <summary>Which faults happen when, drawn from a seed. Two lanes run side by side, so that faults meet.</summary>
/// <param name="Readers">What happens to readers.</param>
/// <param name="Server">What happens to the server.</param>
public sealed record Plan(IReadOnlyList<Step> Readers, IReadOnlyList<Step> Server)
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(4);

    /// <summary>Draws a plan.</summary>
    public static Plan Draw(int seed, TimeSpan duration)
    {
        var random = new Random(seed);
        return new(
            DrawLane(random, duration, FaultKind.KillReader, FaultKind.PartitionReader, TimeSpan.FromSeconds(5)),
            DrawLane(random, duration, FaultKind.KillServer, FaultKind.HoldTransaction, TimeSpan.FromSeconds(16)));
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
                at += (0.3 + 0.7 * random.NextDouble()) * longestPause;
            }
        }

        return steps;
    }
}
