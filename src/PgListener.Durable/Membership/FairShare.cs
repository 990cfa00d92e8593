namespace PgListener.Durable.Membership;

/// <summary>How many shards each member of a subscription takes.</summary>
internal static class FairShare
{
    /// <summary>The number of shards that a member takes: an equal part, and one of those left over if few others come before it.</summary>
    /// <param name="member">The member, by the number of its server process; 0 shards if it is not among the members.</param>
    /// <param name="shards">How many shards there are.</param>
    /// <param name="held">How many shards each member holds now. Who holds more comes first, so that no shard changes hands without need.</param>
    public static int Of(int member, int shards, IReadOnlyDictionary<int, int> held)
    {
        if (!held.TryGetValue(member, out var own))
            return 0;

        var rank = held.Count(other => other.Value > own || (other.Value == own && other.Key < member));
        return shards / held.Count + (rank < shards % held.Count ? 1 : 0);
    }
}
