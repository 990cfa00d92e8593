using Microsoft.Extensions.Logging;

namespace PgListener.Bench;

/// <summary>A <see cref="Listener"/> that is read with <c>await foreach</c>.</summary>
internal sealed class ListenerForeachConsumer(ConsumerSettings settings) : IConsumer
{
    private readonly ILoggerFactory _loggers = LoggerFactory.Create(ConsumerLog.Configure);
    private Listener? _listener;
    private Task _reading = Task.CompletedTask;

    public async Task StartAsync()
    {
        var options = new ListenerOptions { LoggerFactory = _loggers };
        settings.ApplyTo(options);
        _listener = new(settings.ConnectionString, options);
        foreach (var channel in settings.ChannelNames)
            await _listener.AddChannelAsync(channel);
        await _listener.StartAsync();
        _reading = Task.Run(() => ReadAsync(_listener));
    }

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
            await _listener.DisposeAsync();
        await _reading;
        _loggers.Dispose();
    }

    private static async Task ReadAsync(Listener listener)
    {
        // As `await foreach (var notification in listener)`, but nothing is dropped, so that all consumers do the same work.
        await foreach (var notification in listener.ReadAllAsync(new SubscriptionOptions { FullQueueMode = FullQueueMode.Wait }))
            Meter.Instance.Hit(notification.Payload);
    }
}
