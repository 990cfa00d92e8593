using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using PgListener.HybridCaching;
using PgListener.TestServer;

namespace PgListener.Caching.Tests;

/// <summary>One instance of an application, with a network of its own.</summary>
internal sealed class Instance : IAsyncDisposable
{
    private readonly HostApplicationBuilder _builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
    private IHost? _host;

    public Instance(string connectionString)
    {
        Network = FaultProxy.Start(connectionString);
        _builder.Configuration["ConnectionStrings:Postgres"] = Network.ConnectionString;
        _builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(Log));
        Services.AddPgListener(options => (options.ReconnectDelay, options.MaxReconnectDelay) = (TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100)));
        var listener = Services.Last(service => service.ServiceType == typeof(IPgListener));
        Services.Remove(listener);
        Services.AddSingleton(services => new WatchedListener((IPgListener)listener.ImplementationFactory!(services)));
        Services.AddSingleton<IPgListener>(services => services.GetRequiredService<WatchedListener>());
    }

    public FaultProxy Network { get; }

    public FakeLogCollector Log { get; } = new();

    public IServiceCollection Services => _builder.Services;

    public IServiceProvider Provider => _host!.Services;

    public WatchedListener Listener => Provider.GetRequiredService<WatchedListener>();

    public HybridCache Cache => Provider.GetRequiredService<HybridCache>();

    public INotificationPublisher Publisher => Provider.GetRequiredService<INotificationPublisher>();

    /// <summary>Starts an instance with a coherent cache.</summary>
    public static async Task<Instance> StartAsync(string connectionString, string channel, Action<IServiceCollection>? add = null, Action<HybridCacheCoherenceOptions>? configure = null)
    {
        var instance = new Instance(connectionString);
        add?.Invoke(instance.Services);
        instance.Services.AddHybridCache();
        instance.Services.AddPgListenerCoherence(options =>
        {
            options.Channel = channel;
            configure?.Invoke(options);
        });
        await instance.StartAsync();
        return instance;
    }

    /// <summary>Starts it, and waits until its cache hears what the others remove.</summary>
    public async Task StartAsync()
    {
        await StartHostAsync();
        await Listener.Gaps.NextAsync();
        await Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).SoonAsync();
        await SharedLevelDoneAsync();
    }

    /// <summary>Waits until nothing is to be done in the shared level.</summary>
    public Task SharedLevelDoneAsync()
        => Provider.GetService<HybridCache>() is CoherentHybridCache cache ? cache.Levels.Repair.WhenDoneAsync().SoonAsync() : Task.CompletedTask;

    public async Task StartHostAsync()
    {
        _host = _builder.Build();
        await _host.StartAsync(TestContext.Current.CancellationToken);
    }

    public async Task StopAsync() => await _host!.StopAsync(CancellationToken.None);

    /// <summary>The lines of one event.</summary>
    public string[] Lines(int id) => [.. Log.GetSnapshot().Where(record => record.Id.Id == id).Select(record => record.Message)];

    /// <summary>Reads a key.</summary>
    public ValueTask<string> GetAsync(string key, Func<string> source, params string[] tags)
        => Cache.GetOrCreateAsync(key, _ => new ValueTask<string>(source()), tags: tags, cancellationToken: CancellationToken.None);

    /// <summary>Cuts the connections, and keeps new ones away until <see cref="Connect"/>.</summary>
    public async Task CutAsync()
    {
        Network.Refuses = true;
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Listener.StateChanged += (_, change) =>
        {
            if (change.Status.State == ListenerState.Reconnecting)
                lost.TrySetResult();
        };
        Network.ResetAll();
        await lost.Task.SoonAsync();
    }

    public void Connect() => Network.Refuses = false;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)_host).DisposeAsync();
        }

        await Network.DisposeAsync();
    }
}
