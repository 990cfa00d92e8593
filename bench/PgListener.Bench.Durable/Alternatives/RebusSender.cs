using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rebus.Bus;

namespace PgListener.Bench;

/// <summary>An application that sends with Rebus.</summary>
internal sealed class RebusSender : IMessageSender
{
    private readonly IHost _host;
    private readonly IBus _bus;

    private RebusSender(IHost host)
    {
        _host = host;
        _bus = host.Services.GetRequiredService<IBus>();
    }

    public static async Task<IMessageSender> OpenAsync(Action<IServiceCollection> addServices, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        ConsumerLog.Configure(builder.Logging);
        addServices(builder.Services);
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new RebusSender(host);
    }

    public Task SendAsync(long id, long sent, CancellationToken cancellationToken) => _bus.Send(BenchMessage.Of(id, sent));

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
