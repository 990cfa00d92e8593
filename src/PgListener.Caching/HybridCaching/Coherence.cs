using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>Applies to one cache what other instances have removed, and clears its local level after a gap. It never waits for the shared level.</summary>
/// <param name="id">This instance.</param>
/// <param name="levels">The levels of the cache.</param>
/// <param name="options">The settings.</param>
/// <param name="logger">Logs.</param>
internal sealed class Coherence(string id, CacheLevels levels, HybridCacheCoherenceOptions options, ILogger logger)
{
    private bool _hasHeard;

    /// <summary>
    /// Another instance has removed something. The shared level has it already; but what this instance had read before may have been written there afterwards.
    /// </summary>
    public async Task ApplyAsync(NotificationContext context, CancellationToken cancellationToken)
    {
        if (InvalidationMessage.Read(context.Payload) is not { } message)
        {
            logger.InvalidationMalformed(options.Channel);
            levels.Clear(static repair => repair.AddChecks());
            return;
        }

        if (message.From == id)
            return;

        levels.Metrics.Receive(message.Count);
        if (message.Keys.Count > 0)
            levels.Invalidate(message.Keys, repair => repair.AddKeys(RepairKind.Check, message.Keys));
        if (message.All)
            levels.Clear(static repair => repair.AddChecks());
        if (message.At is { } at)
            levels.Clock.Hear(at);
        foreach (var tag in message.Tags)
            await levels.ApplyTagAsync(tag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Invalidations may have been missed.</summary>
    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        var status = levels.Hearing.Status; // First: what is missed later belongs to another gap.
        Forget(resync);
        if (status.State != ListenerState.Listening)
        {
            // A gap is announced a moment before the listener listens.
            status = await levels.Hearing.WaitAsync(cancellationToken).ConfigureAwait(false);
            Forget(resync);
        }

        if (_hasHeard)
        {
            levels.Metrics.Clear();
            logger.LocalLevelCleared(options.Channel, resync.Since, resync.Reason);
        }

        _hasHeard = true;
        levels.Hearing.Hear(status);
    }

    private void Forget(Resync resync) => levels.Clear(repair => repair.AddGap(resync.Since));
}
