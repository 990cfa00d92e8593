using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>
/// Brings the shared level in order, in the background, and repeats what fails until it succeeds. So a shared level that is slow or away keeps nobody from hearing what is removed, and
/// the local level is always up to date.
/// </summary>
/// <remarks>
/// The repair after a gap comes first, because the shared level is closed until then. Removed tags and keys follow in their order; a key is not read from the shared level until it is removed. When
/// too much waits, everything is removed instead.
/// </remarks>
internal sealed class SharedRepair(InvalidationSender sender, string channel, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    /// <summary>A step that takes longer has failed.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Lock _sync = new();
    private readonly RepairQueue _queue = new();
    private readonly CancellationTokenSource _stop = new();
    private CacheLevels? _levels;
    private Gap? _gap;
    private bool _isWorking;
    private Task _work = Task.CompletedTask;

    private CacheLevels Levels => _levels!;

    private SharedWrites Shared => Levels.Shared!;

    /// <summary>Sets the levels, before anything is repaired.</summary>
    public void Attach(CacheLevels levels) => _levels = levels;

    /// <summary>Completes when nothing waits.</summary>
    public Task WhenDoneAsync()
    {
        lock (_sync)
            return _work;
    }

    /// <inheritdoc cref="RepairQueue.IsPending"/>
    public bool IsPending(string key)
    {
        lock (_sync)
            return _queue.IsPending(key);
    }

    /// <summary>Invalidations since a moment may have been missed. Until that is repaired, the shared level is closed.</summary>
    /// <param name="since">The moment; <see langword="null"/> if it is not known.</param>
    public void AddGap(DateTimeOffset? since)
    {
        lock (_sync)
            Close(since, isEverything: false);
    }

    /// <summary>Adds removals of tags that are to be recorded.</summary>
    public void AddTags(IEnumerable<string> tags)
    {
        lock (_sync)
        {
            foreach (var tag in tags)
                _queue.AddTag(tag);
            Start();
        }
    }

    /// <summary>Adds keys, with what this instance has written for them lately: what it writes from now on is newer than the removal that it has heard of.</summary>
    public void AddKeys(RepairKind kind, IEnumerable<string> keys)
        => AddKeys([.. keys.Select(key => StepOf(kind, key)).Where(static step => step.IsWritten || step.Kind != RepairKind.Check)]);

    /// <summary>Another instance has removed everything, or it is not known what.</summary>
    public void AddChecks() => AddKeys(RepairKind.Check, Shared.Recent.All());

    /// <summary>Tells the others to remove a key, without waiting for it.</summary>
    public void Tell(string key) => _ = sender.SendAsync(pending => pending.AddKey(key));

    /// <summary>Gives up what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await WhenDoneAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private RepairStep StepOf(RepairKind kind, string key)
        => kind != RepairKind.TakeBack && Shared.Recent.TryGetPrint(key, out var print) ? new(kind, key, IsWritten: true, print) : new(kind, key);

    private void AddKeys(IReadOnlyList<RepairStep> steps)
    {
        lock (_sync)
        {
            foreach (var step in steps)
            {
                if (_queue.TryAddKey(step))
                    continue;

                Close(since: null, isEverything: true);
                return;
            }

            Start();
        }
    }

    private void Close(DateTimeOffset? since, bool isEverything)
    {
        Shared.Close();
        if (_gap is { } earlier)
        {
            if (since is null || earlier.Since is null || earlier.Since < since)
                since = since is null ? null : earlier.Since;
            isEverything |= earlier.IsEverything;
        }

        _gap = new(since, isEverything);
        Start();
    }

    private void Start()
    {
        if (_isWorking || _stop.IsCancellationRequested)
            return;

        _isWorking = true;
        _work = DetachedTask.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        var failures = 0;
        while (!_stop.IsCancellationRequested && Next() is { } step)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            try
            {
                await RunAsync(step, ended.Token).WaitAsync(Limit, time, _stop.Token).ConfigureAwait(false);
                End(step);
                if (failures > 0)
                    logger.RemovedAtLast(channel, failures);
                failures = 0;
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                // Whatever is wrong with the shared level, it is the old values that must not stay.
                if (failures++ == 0)
                    logger.RemovalFailed(e, channel);
                await ended.CancelAsync().ConfigureAwait(false); // It may still be running.
                PutBack(step);
                await Task.Delay(Backoff.Next(failures, FirstRetry, LongestRetry, Random.Shared.NextDouble()), time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>The next step: a gap, or a tag or key.</summary>
    private object? Next()
    {
        lock (_sync)
        {
            var next = _gap ?? (object?)_queue.Next();
            _isWorking = next is not null;
            return next;
        }
    }

    private void End(object step)
    {
        lock (_sync)
        {
            if (step is RepairStep repair)
            {
                _queue.End(repair);
            }
            else if (_gap == step)
            {
                // Otherwise another gap came meanwhile.
                _gap = null;
                Shared.Open();
            }
        }
    }

    private void PutBack(object step)
    {
        lock (_sync)
        {
            if (step is RepairStep repair)
                _queue.PutBack(repair);
        }
    }

    private Task RunAsync(object step, CancellationToken cancellationToken) => step switch
    {
        RepairStep { Kind: RepairKind.Tag } tag => Levels.RemoveByTagAsync(tag.Name, CacheCall.RemovesTag, cancellationToken),
        RepairStep key => RepairAsync(key, cancellationToken),
        _ => EndGapAsync((Gap)step, cancellationToken),
    };

    /// <summary>Removes from the shared level what this instance has read and written there while it could not hear what was removed, and learns what was removed.</summary>
    private async Task EndGapAsync(Gap gap, CancellationToken cancellationToken)
    {
        if (!gap.IsEverything && Shared.Recent.Since(gap.Since) is { } keys)
        {
            AddKeys(RepairKind.TakeBack, keys);
        }
        else
        {
            await Levels.RemoveByTagAsync(Tag.All, CacheCall.RemovesTag, cancellationToken).ConfigureAwait(false);
            logger.SharedLevelCleared(channel);
            var at = Levels.Clock.GetUtcNow().UtcTicks;
            _ = sender.SendAsync(pending => pending.AddTag(Tag.All, at));
        }

        await Levels.RenewAsync(Shared, cancellationToken).ConfigureAwait(false);

        // The new inner cache cannot read what is not recorded yet.
        IReadOnlyList<string> tags;
        lock (_sync)
            tags = _queue.Tags;
        foreach (var tag in tags)
            await Levels.ApplyTagAsync(tag, cancellationToken).ConfigureAwait(false);
    }

    private async Task RepairAsync(RepairStep repair, CancellationToken cancellationToken)
    {
        var isOwn = repair.Kind == RepairKind.TakeBack || (repair.IsWritten && await Shared.HasAsync(repair.Name, repair.Print, cancellationToken).ConfigureAwait(false));
        if (!isOwn && repair.Kind != RepairKind.Remove)
            return;

        await Shared.RemoveAsync(repair.Name, cancellationToken).ConfigureAwait(false);
        Levels.Local.Invalidate([repair.Name]); // It may have been filled from the shared level before.

        // They may have read the old value.
        if (isOwn)
            Tell(repair.Name);
    }

    /// <param name="since">Its beginning; <see langword="null"/> if that is not known.</param>
    /// <param name="isEverything">Whether too much was to be removed.</param>
    private sealed class Gap(DateTimeOffset? since, bool isEverything)
    {
        public DateTimeOffset? Since => since;

        public bool IsEverything => isEverything;
    }
}
