using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Bench;

/// <summary>An application that publishes, and handles nothing.</summary>
internal static class PublisherSender
{
    public static Task<HostSender<INotificationPublisher>> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => HostSender<INotificationPublisher>.OpenAsync(
            services => services.AddPgListener(options => options.ConnectionString = SenderPool.Of(dataSource)).AddDurableChannels(),
            host => host.Services.GetRequiredService<INotificationPublisher>(),
            (publisher, message, token) => publisher.PublishAsync(message, token),
            cancellationToken);
}
