using Microsoft.AspNetCore.OutputCaching;

namespace PgListener.OutputCaching;

/// <summary>Does not store a response with a tag that was evicted while the response was being made: it may have been made of what was there before the change.</summary>
internal sealed class OvertakenResponsePolicy(EvictedTags evicted) : IOutputCachePolicy
{
    private static readonly object Begun = new();

    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        context.HttpContext.Items[Begun] = evicted.Now;
        return ValueTask.CompletedTask;
    }

    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        if (context.HttpContext.Items[Begun] is long begun && evicted.AnySince(begun, context.Tags))
            context.AllowCacheStorage = false;
        return ValueTask.CompletedTask;
    }
}
