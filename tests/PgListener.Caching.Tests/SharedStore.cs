using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;

namespace PgListener.Caching.Tests;

/// <summary>A distributed cache that instances in this process share. A write or a read can be held.</summary>
internal sealed class SharedStore : IDistributedCache
{
    private readonly ConcurrentDictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    private volatile TaskCompletionSource _changed = NewSignal();

    /// <summary>Called before a write.</summary>
    public Func<string, Task>? OnWrite { get; set; }

    /// <summary>Called before a removal.</summary>
    public Func<string, Task>? OnRemove { get; set; }

    /// <summary>Called after a read, before its value is returned.</summary>
    public Func<string, Task>? OnRead { get; set; }

    /// <summary>Whether a call whose token is cancelled does nothing.</summary>
    public bool IsCancellable { get; set; }

    /// <summary>Keys that were removed.</summary>
    public Received<string> Removed { get; } = new();

    public ICollection<string> Keys => _values.Keys;

    /// <summary>What is stored for a key, of which strings are readable; empty if nothing is.</summary>
    public string TextOf(string key) => Encoding.Latin1.GetString(_values.GetValueOrDefault(key) ?? []);

    /// <summary>Waits until a value is stored. A cache returns a value that it has made before it writes it here.</summary>
    public async Task WhenHoldsAsync(string key, string text)
    {
        for (var changed = _changed.Task; !TextOf(key).Contains(text, StringComparison.Ordinal); changed = _changed.Task)
            await changed.SoonAsync();
    }

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        var value = _values.GetValueOrDefault(key);
        if (OnRead is { } hold)
            await hold(key);
        return value;
    }

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ThrowIfCancelled(token);
        byte[] copy = [.. value];
        if (OnWrite is { } hold)
            await hold(key);
        _values[key] = copy;
        Interlocked.Exchange(ref _changed, NewSignal()).SetResult();
    }

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        ThrowIfCancelled(token);
        if (OnRemove is { } hold)
            await hold(key);
        _values.TryRemove(key, out _);
        Removed.Add(key);
    }

    public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

    public byte[]? Get(string key) => throw new NotSupportedException();

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

    public void Refresh(string key) => throw new NotSupportedException();

    public void Remove(string key) => throw new NotSupportedException();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void ThrowIfCancelled(CancellationToken token)
    {
        if (IsCancellable)
            token.ThrowIfCancellationRequested();
    }
}
