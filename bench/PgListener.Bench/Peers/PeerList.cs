namespace PgListener.Bench;

/// <summary>All consumers in other languages.</summary>
internal static class PeerList
{
    private static readonly IPeer[] All = [new NodePeer(), new RustPeer()];

    /// <summary>Whose consumer it is; <see langword="null"/> for one of this program.</summary>
    public static IPeer? Of(string consumer) => Array.Find(All, peer => peer.Consumers.Contains(consumer, StringComparer.Ordinal));

    /// <summary>Gets ready those consumers that are in other languages.</summary>
    /// <param name="consumers">All that were asked for.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>Those that cannot take part here.</returns>
    public static async Task<IReadOnlyList<Skip>> PrepareAsync(IReadOnlyList<string> consumers, CancellationToken cancellationToken)
    {
        List<Skip> skips = [];
        foreach (var peer in All)
        {
            var own = consumers.Intersect(peer.Consumers, StringComparer.Ordinal).ToArray();
            if (own.Length > 0 && await peer.PrepareAsync(cancellationToken) is { } reason)
                skips.AddRange(own.Select(consumer => new Skip(consumer, reason)));
        }

        return skips;
    }
}
