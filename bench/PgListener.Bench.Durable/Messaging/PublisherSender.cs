using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace PgListener.Bench;

/// <summary>An application that publishes, and handles nothing.</summary>
internal sealed class PublisherSender : IMessageSender
{
    private readonly IHost _host;

    private PublisherSender(IHost host)
    {
        _host = host;
        Publisher = host.Services.GetRequiredService<INotificationPublisher>();
    }

    public INotificationPublisher Publisher { get; }

    public static async Task<PublisherSender> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        ConsumerLog.Configure(builder.Logging);
        builder.Services.AddPgListener(options => options.ConnectionString = SenderPool.Of(dataSource)).AddDurableChannels();
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new(host);
    }

    public Task SendAsync(long id, long sent, CancellationToken cancellationToken) => Publisher.PublishAsync(BenchMessage.Of(id, sent), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
