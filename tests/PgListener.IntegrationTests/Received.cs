using System.Threading.Channels;

namespace PgListener.IntegrationTests;

/// <summary>What somebody has received, in order. Waiting for the next has a time limit, so that a test fails instead of hanging.</summary>
public sealed class Received<T>
{
    private readonly Channel<T> _items = Channel.CreateUnbounded<T>();

    public void Add(T item) => _items.Writer.TryWrite(item);

    /// <summary>What has been received and not yet taken.</summary>
    public int Waiting => _items.Reader.Count;

    public async Task<T> NextAsync(int seconds = 20)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            return await _items.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException e) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Nothing was received within {seconds} s.", e);
        }
    }

    public async Task<T[]> NextAsync(int count, int seconds)
    {
        var items = new T[count];
        for (var i = 0; i < count; i++)
            items[i] = await NextAsync(seconds);
        return items;
    }
}
