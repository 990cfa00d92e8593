using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;

namespace PgListener.Durable.Tests.Streams;

/// <summary>An instance of an application that has streams of durable channels, and no handler.</summary>
internal sealed class StreamingApp : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly NpgsqlDataSource _dataSource;

    private StreamingApp(IHost host, string database)
    {
        _host = host;
        _dataSource = NpgsqlDataSource.Create(database);
    }

    public IPgListener Listener => _host.Services.GetRequiredService<IPgListener>();

    public INotificationPublisher Publisher => _host.Services.GetRequiredService<INotificationPublisher>();

    public IDurableChannels Channels => _host.Services.GetRequiredService<IDurableChannels>();

    public FakeLogCollector Log => _host.Services.GetFakeLogCollector();

    /// <summary>Connections of the test.</summary>
    public NpgsqlDataSource DataSource => _dataSource;

    public static async Task<StreamingApp> StartAsync(string database, Action<DurableChannelOptions>? channels = null, Action<PgListenerOptions>? listener = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddFakeLogging().SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddPgListener(connectionString: database, options =>
        {
            options.ReconnectDelay = TimeSpan.FromMilliseconds(50);
            options.MaxReconnectDelay = TimeSpan.FromMilliseconds(500);
            listener?.Invoke(options);
        }).AddDurableChannels(options =>
        {
            options.CreateSchema = true;
            channels?.Invoke(options);
        });
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new(host, database);
    }

    /// <summary>Begins to read, from now or after a position.</summary>
    public Reading<OrderPlaced> Read(string? after = null, int? capacity = null) => Read<OrderPlaced>(after, capacity);

    public Reading<TChannel> Read<TChannel>(string? after = null, int? capacity = null)
        where TChannel : INotificationChannel<TChannel>
        => new(Listener.ReadItemsAsync<TChannel>(new() { StartAfter = after, QueueCapacity = capacity, Name = "A test" }, TestContext.Current.CancellationToken));

    /// <summary>Begins to read from now, and waits until it has begun.</summary>
    public async Task<Reading<OrderPlaced>> ReadFromNowAsync(int? capacity = null)
    {
        var reading = Read(capacity: capacity);
        Assert.Equal(ResyncReason.Started, (await reading.NextGapAsync()).Reason);
        return reading;
    }

    public async Task PublishAsync(params long[] ids)
    {
        foreach (var id in ids)
            await Publisher.PublishAsync(new OrderPlaced(id), TestContext.Current.CancellationToken);
    }

    /// <summary>Publishes in one transaction, without a wake-up.</summary>
    public Task PublishTogetherAsync(long first, long last) => ExecuteAsync(string.Create(
        CultureInfo.InvariantCulture, $"select pglistener.publish('order_placed', '{{\"id\":' || i || '}}', wake => false) from generate_series({first}, {last}) i"));

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _dataSource.CreateCommand(sql);
        command.CommandTimeout = 60;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
        await _dataSource.DisposeAsync();
    }
}
