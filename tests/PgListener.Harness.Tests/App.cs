using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PgListener.Testing;

namespace PgListener.Harness.Tests;

/// <summary>An application in memory, started.</summary>
internal sealed class App : IAsyncDisposable
{
    private readonly IHost _host;

    private App(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public PgListenerHarness Harness => Services.GetRequiredService<PgListenerHarness>();

    public IPgListener Listener => Services.GetRequiredService<IPgListener>();

    public INotificationPublisher Publisher => Services.GetRequiredService<INotificationPublisher>();

    public Book Book => Services.GetRequiredService<Book>();

    /// <summary>Starts one whose listener has a handler.</summary>
    public static Task<App> StartAsync() => StartAsync(static services => services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>());

    /// <summary>Starts one.</summary>
    public static async Task<App> StartAsync(Action<IServiceCollection> configure)
    {
        var app = Build(configure);
        await app._host.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    public static App Build(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<Book>();
        configure(builder.Services);
        builder.Services.AddPgListenerHarness();
        return new(builder.Build());
    }

    public Task StartHostAsync() => _host.StartAsync(TestContext.Current.CancellationToken);

    public Task StopHostAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
