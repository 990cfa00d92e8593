using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace PgListener.Durable.Chaos.Writers;

/// <summary>An application that publishes only.</summary>
internal sealed class PublishingHost : IAsyncDisposable
{
    private readonly IHost _host;

    private PublishingHost(IHost host) => _host = host;

    /// <summary>Its publisher.</summary>
    public INotificationPublisher Publisher => _host.Services.GetRequiredService<INotificationPublisher>();

    /// <summary>Starts it.</summary>
    public static async Task<PublishingHost> StartAsync(string connectionString)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddPgListener(options => options.ConnectionString = connectionString).AddDurableChannels();
        var host = builder.Build();
        await host.StartAsync();
        return new(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
