using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Logging;

namespace PgListener.OutputCaching;

/// <summary>Evicts responses by tag. An eviction that fails is repeated until it succeeds, because a response that it leaves would be served until it expires.</summary>
internal sealed class OutputCacheEvictor(IOutputCacheStore store, EvictedTags evicted, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    public ILogger Logger => logger;

    /// <param name="tags">The tags, each of them once.</param>
    /// <param name="table">Names the table in the log.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task EvictAsync(IReadOnlyCollection<string> tags, string table, CancellationToken cancellationToken)
    {
        evicted.Mark(tags);
        foreach (var tag in tags)
            await EvictAsync(tag, table, cancellationToken).ConfigureAwait(false);
    }

    private async Task EvictAsync(string tag, string table, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await store.EvictByTagAsync(tag, cancellationToken).ConfigureAwait(false);
                if (failures > 0)
                    logger.EvictedAtLast(tag.ReplaceLineEndings(" "), table, failures);
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever is wrong with the store, it is the response that must not stay.
                if (failures == 0)
                    logger.EvictionFailed(e, tag.ReplaceLineEndings(" "), table);
            }

            var delay = Math.Min(FirstRetry.Ticks << Math.Min(failures, 16), LongestRetry.Ticks);
            await Task.Delay(TimeSpan.FromTicks(delay), time, cancellationToken).ConfigureAwait(false);
        }
    }
}
