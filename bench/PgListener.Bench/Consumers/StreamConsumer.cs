namespace PgListener.Bench;

/// <summary>A hosted listener's streams of one channel, as many as there are lanes.</summary>
internal sealed class StreamConsumer : IConsumer
{
    private readonly ConsumerSettings _settings;
    private readonly HostConsumer _host;
    private readonly IPgListener _listener;
    private Task _reading = Task.CompletedTask;

    public StreamConsumer(ConsumerSettings settings)
    {
        _settings = settings;
        _host = HostConsumer.Listener(settings, out _listener);
    }

    public async Task StartAsync()
    {
        await _host.StartAsync();
        TaskCompletionSource[] begun = [.. Enumerable.Range(0, _settings.Lanes).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        _reading = Task.WhenAll(begun.Select((each, lane) => Task.Run(() => ReadAsync(lane, each))));
        await Task.WhenAll(begun.Select(each => each.Task));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _reading;
    }

    /// <summary>Reads until the host stops.</summary>
    /// <param name="lane">Which reader it is.</param>
    /// <param name="begun">Completed by the gap with which every stream begins: the server listens then.</param>
    private async Task ReadAsync(int lane, TaskCompletionSource begun)
    {
        var options = new SubscriptionOptions { FullQueueMode = FullQueueMode.Wait, OnResync = OnResyncAsync };
        await foreach (var notification in _listener.ReadAllAsync<BenchOrder>(options))
            Meter.Instance.Hit(notification.Value, lane);

        Task OnResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            begun.TrySetResult();
            return Task.CompletedTask;
        }
    }
}
