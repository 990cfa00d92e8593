using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;

namespace PgListener.HybridCaching;

/// <summary>Decides what is read from and written to the shared level, and takes back what should not have been written.</summary>
/// <param name="cache">The application's distributed cache.</param>
/// <param name="local">Knows what was invalidated.</param>
/// <param name="hearing">Whether invalidations arrive.</param>
/// <param name="repair">Repeats what fails.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs what could not be taken back.</param>
internal sealed class SharedWrites(IDistributedCache cache, LocalLevel local, Hearing hearing, SharedRepair repair, TimeProvider time, ILogger logger)
{
    /// <summary>The beginning of the keys under which the inner cache records removed tags.</summary>
    private const string TagPrefix = "__MSFT_HCT__";

    private readonly RecentWrites _recent = new(time);
    private volatile bool _isClosed;
    private long _opening;

    /// <summary>What this instance has written lately.</summary>
    public RecentWrites Recent => _recent;

    /// <summary>How often it was opened.</summary>
    public long Opening => Interlocked.Read(ref _opening);

    public bool IsClosed => _isClosed;

    /// <summary>Begins to read for the running call.</summary>
    /// <returns><see langword="false"/> if nothing may be read.</returns>
    public bool BeginRead(string key)
    {
        if (_isClosed)
        {
            NoteRun(key);
            return false;
        }

        if (key.StartsWith(TagPrefix, StringComparison.Ordinal))
            return true;

        NoteRun(key);
        return !repair.IsPending(key) && (CacheCall.Current is not { } call || call.Opening == Opening);
    }

    /// <summary>Writes for the running call.</summary>
    public async Task WriteAsync(string key, ReadOnlySequence<byte> value, Func<ValueTask> write)
    {
        var call = CacheCall.Current;
        switch (call?.Kind)
        {
            case CallKind.RemoveTag:
                await write().ConfigureAwait(false);
                break;
            case CallKind.Get:
                await WriteReadingAsync(call, key, RecentWrites.PrintOf(value), write).ConfigureAwait(false);
                break;
            case CallKind.Set:
                await WriteSetAsync(call, key, write).ConfigureAwait(false);
                break;
            default:
                break; // Another instance has recorded the tag; or it is not known since when the value was being read.
        }
    }

    /// <summary>Nothing is read, and nothing that was read is written, until <see cref="Open"/>.</summary>
    public void Close() => _isClosed = true;

    public void Open()
    {
        Interlocked.Increment(ref _opening);
        _isClosed = false;
    }

    public Task RemoveAsync(string key, CancellationToken cancellationToken) => cache.RemoveAsync(key, cancellationToken);

    /// <summary>Whether the value of a key is a certain one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="print">What tells it from others; <see langword="null"/> for any.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<bool> HasAsync(string key, int? print, CancellationToken cancellationToken)
        => await cache.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } value && (print is null || print == RecentWrites.PrintOf(new(value)));

    /// <summary>The moment of the latest removal of a tag, in ticks; 0 if there was none.</summary>
    public async Task<long> ReadRemovalAsync(string tag, CancellationToken cancellationToken)
        => await cache.GetAsync(TagPrefix + tag, cancellationToken).ConfigureAwait(false) is { Length: sizeof(long) } ticks ? BitConverter.ToInt64(ticks) : 0;

    /// <summary>The shared level or the source is read for the running call.</summary>
    private static void NoteRun(string key)
    {
        if (CacheCall.Current is { } call && call.Key.Equals(key, StringComparison.Ordinal))
            call.Run();
    }

    private async Task WriteReadingAsync(CacheCall call, string key, int print, Func<ValueTask> write)
    {
        if (_isClosed || !hearing.IsListening || local.IsStale(call))
            return;

        _recent.Begin(key, print);
        try
        {
            await write().ConfigureAwait(false);
        }
        finally
        {
            // A write that has failed may have been made.
            _recent.End(key);
            if (local.IsStale(call))
                await TakeBackAsync(key).ConfigureAwait(false);
        }
    }

    /// <summary>The value may be newer or older than what was invalidated meanwhile. So it is not left in the place of what another instance has written.</summary>
    private async Task WriteSetAsync(CacheCall call, string key, Func<ValueTask> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch
        {
            // The inner cache logs it and goes on, and the value before may still be there.
            repair.AddKeys(RepairKind.TakeBack, [key]);
            throw;
        }

        if (local.IsStale(call))
            await TakeBackAsync(key).ConfigureAwait(false);
    }

    private async Task TakeBackAsync(string key)
    {
        try
        {
            await cache.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
            repair.Tell(key);
        }
        catch (Exception e)
        {
            // The application's cache may throw anything; it is the old value that must not stay.
            logger.SharedWriteLeft(e);
            repair.AddKeys(RepairKind.TakeBack, [key]);
        }
    }
}
