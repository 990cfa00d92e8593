using Microsoft.Extensions.Caching.Hybrid;

namespace PgListener.HybridCaching;

/// <summary>
/// A hybrid cache that tells its other instances what it removes and replaces. After an invalidation was heard, or a gap was announced, it returns no value that was
/// read from the source before.
/// </summary>
internal sealed class CoherentHybridCache(CacheLevels levels, Coherence coherence, InvalidationSender sender, IPgListener listener, HybridCacheCoherenceOptions options)
    : HybridCache, IAsyncDisposable, IDisposable
{
    /// <summary>Finds a value in the local level, and returns the type's default if it is not there.</summary>
    private static readonly HybridCacheEntryOptions OnlyLocal = new() { Flags = HybridCacheEntryFlags.DisableDistributedCache | HybridCacheEntryFlags.DisableUnderlyingData };

    private readonly SharedCancellations _cancellations = new();
    private ListenerSubscription? _subscription;

    /// <summary>Whether the inner cache has been seen to read the local level by default. Its options may say otherwise.</summary>
    private volatile bool _readsLocalByDefault;

    /// <summary>The levels, for what removes values without telling the others, because they hear of it themselves.</summary>
    public CacheLevels Levels => levels;

    /// <summary>Subscribes to what other instances remove.</summary>
    public async Task SubscribeAsync(CancellationToken cancellationToken)
    {
        var settings = new SubscriptionOptions { Name = "HybridCache", FullQueueMode = FullQueueMode.Drop, OnResync = coherence.ResyncAsync };
        _subscription ??= await listener.SubscribeAsync(options.Channel, coherence.ApplyAsync, settings, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for a limited time until the others have been told of what was removed.</summary>
    /// <returns>Whether they have been.</returns>
    public Task<bool> FlushAsync(CancellationToken cancellationToken) => sender.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TryGetLocal<T>(key, options, out var value) ? new(value) : GetAsync(key, state, factory, options, tags, cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask SetAsync<T>(string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        levels.Local.BeginSet(key);
        var labels = LabelsOf(tags);
        var call = CacheCall.Current = new(CallKind.Set, key, labels, levels.Local.Now);
        try
        {
            await levels.Inner.SetAsync(key, value, options, labels, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            levels.Local.EndSet(call);
            await TellAsync(pending => pending.AddKey(key), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default) => new(RemoveKeysAsync([key], cancellationToken));

    /// <inheritdoc/>
    public override ValueTask RemoveAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default)
        => keys.ToArray() is { Length: > 0 } all ? new(RemoveKeysAsync(all, cancellationToken)) : ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default)
        => string.IsNullOrWhiteSpace(tag) ? ValueTask.CompletedTask : new(RemoveTagsAsync([tag], cancellationToken));

    /// <inheritdoc/>
    public override ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken cancellationToken = default)
        => tags.Where(static tag => !string.IsNullOrWhiteSpace(tag)).ToArray() is { Length: > 0 } all ? new(RemoveTagsAsync(all, cancellationToken)) : ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_subscription is { } subscription)
            await subscription.DisposeAsync().ConfigureAwait(false);
        await levels.Repair.DisposeAsync().ConfigureAwait(false);
        await sender.DisposeAsync().ConfigureAwait(false);
        levels.Dispose();
    }

    /// <summary>For a container that is disposed of synchronously. A host disposes asynchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Finds a value that is in the local level, without the expense of a reading. It is not told from a missing one if it is the type's default.</summary>
    private bool TryGetLocal<T>(string key, HybridCacheEntryOptions? options, out T value)
    {
        value = default!;
        var readsLocal = options?.Flags is { } flags ? (flags & HybridCacheEntryFlags.DisableLocalCacheRead) == HybridCacheEntryFlags.None : _readsLocalByDefault;
        if (!readsLocal || key is null || !levels.Local.Contains(key))
            return false;

        var found = levels.Inner.GetOrCreateAsync<object?, T>(key, null, static (_, _) => default, OnlyLocal);
        if (!found.IsCompletedSuccessfully)
            return false;

        value = found.Result;
        return default(T) is null ? value is not null : !EqualityComparer<T>.Default.Equals(value, default);
    }

    /// <summary>
    /// Gets a value, whose reading begins after this call, or which is valid in the local level. If this call has joined a reading that another one had begun, it gets the
    /// value once more: that reading may have begun before an invalidation that this call comes after. The next one cannot.
    /// </summary>
    private async ValueTask<T> GetAsync<TState, T>(
        string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, HybridCacheEntryOptions? options, IEnumerable<string>? tags, CancellationToken cancellationToken)
    {
        var labels = LabelsOf(tags);
        for (var isFirst = true; ; isFirst = false)
        {
            var call = CacheCall.Current = new(CallKind.Get, key ?? "", labels, levels.Local.Now);
            var shared = _cancellations.Join(key ?? "", options?.Flags);
            var hasEnded = false;
            try
            {
                var inner = await WaitAsync(levels.EnterAsync(call), cancellationToken).ConfigureAwait(false);
                var work = new Work<TState, T>(state, factory, call, shared.Token);
                var value = await WaitAsync(inner.GetOrCreateAsync(key!, work, static (work, _) => work.RunAsync(), options, labels, CancellationToken.None), cancellationToken).ConfigureAwait(false);
                hasEnded = true;
                if (options?.Flags is null && call.ReadsLocal)
                    _readsLocalByDefault = true;
                if (call.IsOwn || !isFirst)
                    return value;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && !call.IsOwn)
            {
                // The callers of the reading that this call had joined have all given up, and this one has not.
            }
            finally
            {
                _cancellations.Leave(key ?? "", options?.Flags, shared, givenUp: !hasEnded && cancellationToken.IsCancellationRequested);
            }
        }
    }

    /// <summary>Waits as long as the caller does. The reading goes on, because others may wait for it too.</summary>
    private static async ValueTask<T> WaitAsync<T>(ValueTask<T> reading, CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled || reading.IsCompleted)
            return await reading.ConfigureAwait(false);

        var task = reading.AsTask();
        try
        {
            return await task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!task.IsCompleted)
                _ = task.ContinueWith(static left => _ = left.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private async Task RemoveKeysAsync(string[] keys, CancellationToken cancellationToken)
    {
        levels.Local.Invalidate(keys);
        try
        {
            foreach (var key in keys)
                await levels.Inner.RemoveAsync(key, cancellationToken).ConfigureAwait(false);
        }
        catch when (levels.Shared is not null)
        {
            // Nobody would remove there what is left.
            levels.Repair.AddKeys(RepairKind.TakeBack, keys);
            throw;
        }
        finally
        {
            // Others may have read the shared level before it was removed there, and are told even if it was not.
            if (levels.Shared is not null)
                levels.Local.Invalidate(keys);
            await TellAsync(pending => Array.ForEach(keys, pending.AddKey), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RemoveTagsAsync(string[] tags, CancellationToken cancellationToken)
    {
        foreach (var tag in tags)
            levels.InvalidateTag(tag);
        try
        {
            foreach (var tag in tags)
                await levels.RemoveByTagAsync(tag, CacheCall.RemovesTag, cancellationToken).ConfigureAwait(false);
        }
        catch when (levels.Shared is not null)
        {
            levels.Repair.AddTags(tags);
            throw;
        }
        finally
        {
            var at = levels.Clock.GetUtcNow().UtcTicks;
            await TellAsync(pending => Array.ForEach(tags, tag => pending.AddTag(tag, at)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells the others. The caller may stop waiting; they are told all the same.</summary>
    private Task TellAsync(Action<PendingInvalidations> add, CancellationToken cancellationToken) => sender.SendAsync(add).WaitAsync(cancellationToken);

    /// <summary>The tags, enumerated once.</summary>
    private static string[] LabelsOf(IEnumerable<string>? tags) => tags as string[] ?? tags?.ToArray() ?? [];
}
