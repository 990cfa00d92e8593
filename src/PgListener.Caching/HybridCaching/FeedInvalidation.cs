using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>
/// Removes from the levels of a coherent cache what a change feed has told of. Each instance does it for itself, because each hears of the change, so nobody is told. If the shared level fails, it
/// is repeated until it succeeds, because the old values would be there until they expire.
/// </summary>
/// <param name="levels">The levels of the cache.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs that the shared level fails.</param>
internal sealed class FeedInvalidation(CacheLevels levels, TimeProvider time, ILogger logger)
{
    private const string AllValues = "*";
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    /// <summary>Removes keys.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="table">Names the table in the log.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task RemoveAsync(IReadOnlyCollection<string> keys, string table, CancellationToken cancellationToken)
        => UntilItSucceedsAsync(() => RemoveOnceAsync(keys, cancellationToken), table, cancellationToken);

    /// <summary>Removes everything with one of some tags; everything without any tag.</summary>
    /// <param name="tags">The tags.</param>
    /// <param name="table">Names the table in the log.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task RemoveByTagAsync(IReadOnlyCollection<string> tags, string table, CancellationToken cancellationToken)
        => UntilItSucceedsAsync(() => RemoveTagsOnceAsync(tags.Count > 0 ? tags : [AllValues], cancellationToken), table, cancellationToken);

    private async Task RemoveOnceAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        levels.Local.Invalidate(keys);
        if (levels.Shared is null)
            return;

        try
        {
            foreach (var key in keys)
                await levels.Inner.RemoveAsync(key, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            levels.Local.Invalidate(keys); // It may have been filled from the shared level, before that had removed them.
        }
    }

    private async Task RemoveTagsOnceAsync(IReadOnlyCollection<string> tags, CancellationToken cancellationToken)
    {
        foreach (var tag in tags)
        {
            if (tag == AllValues)
                levels.Local.Clear();
            else
                levels.Local.InvalidateTag(tag);

            CacheCall.Current = CacheCall.RemovesTag;
            await levels.Inner.RemoveByTagAsync(tag, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task UntilItSucceedsAsync(Func<Task> remove, string table, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                await remove().ConfigureAwait(false);
                if (failures > 0)
                    logger.RemovedAtLast(table, failures);
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever is wrong with the shared level, it is the old values that must not stay.
                if (failures++ == 0)
                    logger.RemovalFailed(e, table);
            }

            await Task.Delay(Backoff.Next(failures, FirstRetry, LongestRetry, Random.Shared.NextDouble()), time, cancellationToken).ConfigureAwait(false);
        }
    }
}
