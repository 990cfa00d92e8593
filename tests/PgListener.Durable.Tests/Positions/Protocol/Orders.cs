namespace PgListener.Durable.Tests.Positions.Protocol;

/// <summary>Orders in which the steps of several holders can follow each other.</summary>
internal static class Orders
{
    /// <summary>All of them.</summary>
    public static IEnumerable<int[]> All(params int[] lengths) => All(lengths, []);

    /// <summary>Some of them.</summary>
    public static IEnumerable<int[]> Some(Random random, int count, params int[] lengths)
    {
        for (var i = 0; i < count; i++)
        {
            var order = lengths.SelectMany((length, who) => Enumerable.Repeat(who, length)).ToArray();
            random.Shuffle(order);
            yield return order;
        }
    }

    private static IEnumerable<int[]> All(int[] left, int[] before)
    {
        if (Array.TrueForAll(left, count => count == 0))
            return [before];
        return Enumerable.Range(0, left.Length)
            .Where(who => left[who] > 0)
            .SelectMany(who => All([.. left.Select((count, i) => i == who ? count - 1 : count)], [.. before, who]));
    }
}
