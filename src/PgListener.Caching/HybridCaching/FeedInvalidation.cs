namespace PgListener.HybridCaching;

/// <summary>
/// Removes from the levels of a coherent cache what a change feed has told of. Each instance does it for itself, because each hears of the change. The local level has it at once. The shared
/// level follows in the background, and until then its values are not read.
/// </summary>
/// <param name="levels">The levels of the cache.</param>
internal sealed class FeedInvalidation(CacheLevels levels)
{
    /// <summary>Removes keys.</summary>
    public void Remove(IReadOnlyCollection<string> keys) => levels.Invalidate(keys, repair => repair.AddKeys(RepairKind.Remove, keys));

    /// <summary>Removes everything with one of some tags; everything without any tag.</summary>
    public async Task RemoveByTagAsync(IReadOnlyCollection<string> tags, CancellationToken cancellationToken)
    {
        if (tags.Count == 0)
            tags = [Tag.All];
        if (levels.Shared is not null)
            levels.Repair.AddTags(tags);
        foreach (var tag in tags)
            await levels.ApplyTagAsync(tag, cancellationToken).ConfigureAwait(false);
    }
}
