using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>
/// Brings the shared level in order, in the background, and repeats what fails until it succeeds. So a shared level that is slow or away keeps nobody from hearing what is removed, and
/// the local level is always up to date.
/// </summary>
/// <remarks>
/// Removed tags come first; then the repair after a gap, until which the shared level is closed; then keys, which are not read from the shared level until they are removed. When
/// too much waits, everything is removed instead.
/// </remarks>
internal sealed class SharedRepair(InvalidationSender sender, string channel, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    internal const int MostKeys = 10_000;

    private const int MostTags = 1000;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    /// <summary>A step that takes longer has failed.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Lock _sync = new();
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);
    private readonly HashSet<KeyRepair> _keys = [];
    private readonly Queue<KeyRepair> _queue = [];
    private readonly CancellationTokenSource _stop = new();
    private CacheLevels? _levels;
    private Gap? _gap;
    private object? _running;
    private bool _isAddedAgain;
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

    /// <summary>Whether a key must not be read, because what is there is to be removed.</summary>
    public bool IsPending(string key)
    {
        lock (_sync)
            return _keys.Count > 0 && (_keys.Contains(new(RepairKind.Remove, key)) || _keys.Contains(new(RepairKind.TakeBack, key)));
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
            {
                var isTooMany = _tags.Count >= MostTags;
                if (isTooMany)
                    _tags.Clear();
                var added = isTooMany ? Tag.All : tag;
                _isAddedAgain |= !_tags.Add(added) && added.Equals(_running as string, StringComparison.Ordinal);
            }

            Start();
        }
    }

    /// <summary>Adds keys.</summary>
    public void AddKeys(RepairKind kind, IEnumerable<string> keys)
    {
        lock (_sync)
        {
            foreach (var key in keys)
            {
                var repair = new KeyRepair(kind, key);
                if (_keys.Contains(repair))
                {
                    _isAddedAgain |= repair.Equals(_running);
                    continue;
                }

                if (_keys.Count >= MostKeys)
                {
                    _keys.Clear();
                    _queue.Clear();
                    Close(since: null, isEverything: true);
                    return;
                }

                _keys.Add(repair);
                _queue.Enqueue(repair);
            }

            Start();
        }
    }

    /// <summary>Tells the others to remove a key, without waiting for it.</summary>
    public void Tell(string key) => _ = sender.SendAsync(pending => pending.AddKey(key));

    /// <summary>Gives up what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await WhenDoneAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
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
            try
            {
                await RunAsync(step).WaitAsync(Limit, time, _stop.Token).ConfigureAwait(false);
                if (failures > 0)
                    logger.RemovedAtLast(channel, failures);
                failures = 0;
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                // Whatever is wrong with the shared level, it is the old values that must not stay.
                if (failures++ == 0)
                    logger.RemovalFailed(e, channel);
                if (step is KeyRepair repair)
                    PutBack(repair);
                await Task.Delay(Backoff.Next(failures, FirstRetry, LongestRetry, Random.Shared.NextDouble()), time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>The next step: a tag, a gap or a key.</summary>
    private object? Next()
    {
        lock (_sync)
        {
            _isAddedAgain = false;
            _running = _tags.FirstOrDefault() ?? (object?)_gap ?? (_queue.TryDequeue(out var key) ? key : null);
            _isWorking = _running is not null;
            return _running;
        }
    }

    private Task RunAsync(object step) => step switch
    {
        string tag => RecordAsync(tag),
        Gap gap => EndGapAsync(gap),
        _ => RepairAsync((KeyRepair)step),
    };

    private async Task RecordAsync(string tag)
    {
        await Levels.RemoveByTagAsync(tag, CacheCall.RemovesTag, _stop.Token).ConfigureAwait(false);
        lock (_sync)
        {
            if (!_isAddedAgain)
                _tags.Remove(tag);
        }
    }

    /// <summary>Removes from the shared level what this instance has read and written there while it could not hear what was removed, and learns what was removed.</summary>
    private async Task EndGapAsync(Gap gap)
    {
        if (!gap.IsEverything && Shared.Recent.Since(gap.Since) is { } keys)
        {
            AddKeys(RepairKind.TakeBack, keys);
        }
        else
        {
            await Levels.RemoveByTagAsync(Tag.All, CacheCall.RemovesTag, _stop.Token).ConfigureAwait(false);
            logger.SharedLevelCleared(channel);
            var at = Levels.Clock.GetUtcNow().UtcTicks;
            _ = sender.SendAsync(pending => pending.AddTag(Tag.All, at));
        }

        await Levels.RenewAsync(Shared, _stop.Token).ConfigureAwait(false);
        lock (_sync)
        {
            // What came meanwhile may not be known to the new inner cache.
            if (_gap != gap || _tags.Count > 0)
                return;

            _gap = null;
            Shared.Open();
        }
    }

    private async Task RepairAsync(KeyRepair repair)
    {
        var isOwn = repair.Kind == RepairKind.TakeBack || await Shared.IsOwnAsync(repair.Key, _stop.Token).ConfigureAwait(false);
        if (isOwn || repair.Kind == RepairKind.Remove)
        {
            await Shared.RemoveAsync(repair.Key, _stop.Token).ConfigureAwait(false);
            Levels.Local.Invalidate([repair.Key]); // It may have been filled from the shared level before.
        }

        lock (_sync)
        {
            if (_isAddedAgain)
                _queue.Enqueue(repair);
            else
                _keys.Remove(repair);
        }

        // They may have read the old value.
        if (isOwn)
            Tell(repair.Key);
    }

    /// <summary>At the end, so that a key which always fails does not keep the others.</summary>
    private void PutBack(KeyRepair repair)
    {
        lock (_sync)
        {
            if (_keys.Contains(repair))
                _queue.Enqueue(repair);
        }
    }

    private sealed record KeyRepair(RepairKind Kind, string Key);

    /// <param name="since">Its beginning; <see langword="null"/> if that is not known.</param>
    /// <param name="isEverything">Whether too much was to be removed.</param>
    private sealed class Gap(DateTimeOffset? since, bool isEverything)
    {
        public DateTimeOffset? Since => since;

        public bool IsEverything => isEverything;
    }
}
