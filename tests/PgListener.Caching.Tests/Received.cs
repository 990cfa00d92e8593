using System.Threading.Channels;

namespace PgListener.Caching.Tests;

/// <summary>What somebody has received, in order. Waiting for the next has a time limit, so that a test fails instead of hanging.</summary>
internal sealed class Received<T>
{
    private readonly Channel<T> _items = Channel.CreateUnbounded<T>();

    /// <summary>What has been received and not yet taken.</summary>
    public int Waiting => _items.Reader.Count;

    public void Add(T item) => _items.Writer.TryWrite(item);

    public async Task<T> NextAsync() => await _items.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().SoonAsync();
}
