using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace PgListener.Bench;

/// <summary>An application that sends, and handles nothing.</summary>
/// <typeparam name="TBus">What it sends with.</typeparam>
internal sealed class HostSender<TBus> : IMessageSender
{
    private readonly IHost _host;
    private readonly Func<TBus, BenchMessage, CancellationToken, Task> _send;

    private HostSender(IHost host, TBus bus, Func<TBus, BenchMessage, CancellationToken, Task> send) => (_host, Bus, _send) = (host, bus, send);

    public TBus Bus { get; }

    /// <summary>Starts the application.</summary>
    /// <param name="addServices">Adds the library.</param>
    /// <param name="find">Finds what it sends with.</param>
    /// <param name="send">Sends a message.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async Task<HostSender<TBus>> OpenAsync(
        Action<IServiceCollection> addServices, Func<IHost, TBus> find, Func<TBus, BenchMessage, CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        ConsumerLog.Configure(builder.Logging);
        addServices(builder.Services);
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new(host, find(host), send);
    }

    public Task SendAsync(long id, long sent, CancellationToken cancellationToken) => _send(Bus, BenchMessage.Of(id, sent), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
