namespace PgListener.Durable.Tests.Streams;

/// <summary>A stream that a test reads, item by item.</summary>
internal sealed class Reading<TChannel>(IAsyncEnumerable<StreamItem<TChannel>> items) : IAsyncDisposable
    where TChannel : INotificationChannel<TChannel>
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly IAsyncEnumerator<StreamItem<TChannel>> _items = items.GetAsyncEnumerator(TestContext.Current.CancellationToken);

    /// <summary>The position after the last item.</summary>
    public string Position { get; private set; } = "";

    /// <summary>Whether an item follows; not if the stream has ended.</summary>
    public Task<bool> MoveAsync() => _items.MoveNextAsync().AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);

    public async Task<StreamItem<TChannel>> NextItemAsync()
    {
        Assert.True(await MoveAsync(), "The stream has ended.");
        Assert.NotNull(_items.Current.Position);
        Position = _items.Current.Position;
        return _items.Current;
    }

    public async Task<Resync> NextGapAsync()
    {
        var item = await NextItemAsync();
        Assert.True(item.IsGap(out var gap), $"Not a gap: {item}");
        return gap;
    }

    public async Task<Notification<TChannel>> NextAsync() => (await NextItemAsync()).Notification;

    /// <summary>Reads messages; a gap among them is an error.</summary>
    public async Task<TChannel[]> NextAsync(int count)
    {
        var values = new List<TChannel>();
        while (values.Count < count)
            values.Add((await NextAsync()).Value);
        return [.. values];
    }

    public ValueTask DisposeAsync() => _items.DisposeAsync();
}
