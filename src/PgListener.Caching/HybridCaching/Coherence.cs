using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>Applies to one cache what other instances have removed, and clears its local level after a gap.</summary>
/// <param name="id">This instance.</param>
/// <param name="levels">The levels of the cache.</param>
/// <param name="sender">Tells the others.</param>
/// <param name="options">The settings.</param>
/// <param name="logger">Logs.</param>
internal sealed class Coherence(string id, CacheLevels levels, InvalidationSender sender, HybridCacheCoherenceOptions options, ILogger logger)
{
    private const string AllValues = "*";

    private bool _hasHeard;

    /// <summary>Another instance has removed something. The shared level has it already.</summary>
    public async Task ApplyAsync(NotificationContext context, CancellationToken cancellationToken)
    {
        if (InvalidationMessage.Read(context.Payload) is not { } message)
        {
            logger.InvalidationMalformed(options.Channel);
            levels.Local.Clear();
            return;
        }

        if (message.From == id)
            return;

        levels.Metrics.Receive(message.Count);
        if (message.Keys.Count > 0)
            levels.Local.Invalidate(message.Keys);
        if (message.All)
            levels.Local.Clear();
        if (message.At is { } at)
            levels.Clock.Hear(at);
        foreach (var tag in message.Tags)
            await ApplyTagAsync(tag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Invalidations may have been missed.</summary>
    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        levels.Shared?.Close();
        levels.Local.Clear();
        if (levels.Shared is { } shared)
        {
            await TakeBackAsync(shared, resync, cancellationToken).ConfigureAwait(false);
            await levels.RenewAsync(shared, cancellationToken).ConfigureAwait(false);
            shared.Open();
        }

        if (_hasHeard)
        {
            levels.Metrics.Clear();
            logger.LocalLevelCleared(options.Channel, resync.Since, resync.Reason);
        }

        _hasHeard = true;
        levels.Hearing.Hear();
    }

    private async Task ApplyTagAsync(string tag, CancellationToken cancellationToken)
    {
        if (tag == AllValues)
            levels.Local.Clear();
        else
            levels.Local.InvalidateTag(tag);

        CacheCall.Current = CacheCall.Applies;
        await levels.Inner.RemoveByTagAsync(tag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes from the shared level what this instance has read and written there while it could not hear what was removed.</summary>
    private async Task TakeBackAsync(SharedWrites shared, Resync resync, CancellationToken cancellationToken)
    {
        if (await shared.TakeBackAsync(resync.Since).ConfigureAwait(false) is { } keys)
        {
            if (keys.Count > 0)
                await sender.SendAsync(pending => keys.ToList().ForEach(pending.AddKey)).ConfigureAwait(false);
            return;
        }

        logger.SharedLevelCleared(options.Channel);
        CacheCall.Current = CacheCall.RemovesTag;
        var at = levels.Clock.GetUtcNow().UtcTicks;
        await levels.Inner.RemoveByTagAsync(AllValues, cancellationToken).ConfigureAwait(false);
        await sender.SendAsync(pending => pending.AddTag(AllValues, at)).ConfigureAwait(false);
    }
}
