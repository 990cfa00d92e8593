using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A <see cref="Listener"/> with untyped callbacks.</summary>
internal sealed class ListenerConsumer(ConsumerSettings settings) : IConsumer
{
    private readonly ILoggerFactory _loggers = LoggerFactory.Create(ConsumerLog.Configure);
    private NpgsqlDataSource? _dataSource;
    private Listener? _listener;

    public bool FromDataSource { get; init; }

    public Adding Adding { get; init; }

    public async Task StartAsync()
    {
        var options = new ListenerOptions { LoggerFactory = _loggers };
        settings.ApplyTo(options);
        _dataSource = FromDataSource ? NpgsqlDataSource.Create(settings.ConnectionString) : null;
        _listener = _dataSource?.CreateListener(options) ?? new(settings.ConnectionString, options);
        if (Adding == Adding.BeforeStart)
            await AddOneByOneAsync(_listener);
        await _listener.StartAsync();
        _listener.Listen();
        if (Adding == Adding.OneByOne)
            await AddOneByOneAsync(_listener);
        if (Adding == Adding.AtOnce)
            await Task.WhenAll(settings.ChannelNames.Select(channel => _listener.AddCallbackAsync(channel, Callback(lane: 0))));
    }

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
            await _listener.DisposeAsync();
        if (_dataSource is not null)
            await _dataSource.DisposeAsync();
        _loggers.Dispose();
    }

    private async Task AddOneByOneAsync(Listener listener)
    {
        foreach (var channel in settings.ChannelNames)
        {
            for (var lane = 0; lane < settings.Lanes; lane++)
                await listener.AddCallbackAsync(channel, Callback(lane));
        }
    }

    private static NotificationCallback Callback(int lane) => (context, _) =>
    {
        Meter.Instance.Hit(context.Payload, lane);
        return Task.CompletedTask;
    };
}
