namespace PgListener.Bench;

/// <summary>A hosted listener's stream of one channel.</summary>
internal sealed class StreamConsumer : IConsumer
{
    private readonly HostConsumer _host;
    private readonly IPgListener _listener;
    private Task _reading = Task.CompletedTask;

    public StreamConsumer(ConsumerSettings settings) => _host = HostConsumer.Listener(settings, out _listener);

    public async Task StartAsync()
    {
        await _host.StartAsync();
        _reading = Task.Run(ReadAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _reading;
    }

    private async Task ReadAsync()
    {
        await foreach (var notification in _listener.ReadAllAsync<BenchOrder>(new() { FullQueueMode = FullQueueMode.Wait }))
            Meter.Instance.Hit(notification.Value);
    }
}
