using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Wolverine;

namespace PgListener.Bench;

/// <summary>An application that sends with Wolverine. A message is stored when the send has returned, and in its queue soon after.</summary>
internal sealed class WolverineSender : IMessageSender
{
    private readonly IHost _host;
    private readonly IMessageBus _bus;

    private WolverineSender(IHost host)
    {
        _host = host;
        _bus = host.MessageBus();
    }

    public static async Task<IMessageSender> OpenAsync(Action<IServiceCollection> addServices, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        ConsumerLog.Configure(builder.Logging);
        addServices(builder.Services);
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new WolverineSender(host);
    }

    public async Task SendAsync(long id, long sent, CancellationToken cancellationToken) => await _bus.SendAsync(BenchMessage.Of(id, sent));

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
