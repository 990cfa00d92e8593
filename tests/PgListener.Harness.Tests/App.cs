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
    public static Task<App> StartAsync(Action<IServiceCollection> configure) => StartAsync(Build(configure));

    /// <summary>Starts one that adds the harness itself.</summary>
    public static Task<App> StartWithOwnHarnessAsync(Action<IServiceCollection> configure) => StartAsync(BuildBare(configure));

    public static App Build(Action<IServiceCollection> configure) => BuildBare(services =>
    {
        configure(services);
        services.AddPgListenerHarness();
    });

    public Task StartHostAsync() => _host.StartAsync(TestContext.Current.CancellationToken);

    public Task StopHostAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    private static async Task<App> StartAsync(App app)
    {
        await app.StartHostAsync();
        return app;
    }

    private static App BuildBare(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<Book>();
        configure(builder.Services);
        return new(builder.Build());
    }
}
