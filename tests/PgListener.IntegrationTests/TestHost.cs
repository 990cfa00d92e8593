using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace PgListener.IntegrationTests;

/// <summary>A host with nothing but what a test adds to it, and everything it logs.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly HostApplicationBuilder _builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
    private IHost? _host;
    private bool _isStarted;

    public TestHost(string connectionString)
    {
        _builder.Configuration["ConnectionStrings:Postgres"] = connectionString;
        _builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(Log));
    }

    /// <summary>A host whose server cannot be reached.</summary>
    public static TestHost WithoutServer() => new("Host=127.0.0.1;Port=1;Username=nobody;Password=secret");

    public FakeLogCollector Log { get; } = new();

    public IServiceCollection Services => _builder.Services;

    public ConfigurationManager Configuration => _builder.Configuration;

    public IHost Host => _host!;

    public IPgListener Listener => Host.Services.GetRequiredService<IPgListener>();

    public async Task StartAsync()
    {
        _host = _builder.Build();
        await _host.StartAsync(TestContext.Current.CancellationToken);
        _isStarted = true;
    }

    public async Task StartListeningAsync()
    {
        await StartAsync();
        await Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).SoonAsync();
    }

    /// <summary>The lines of one event.</summary>
    public string[] Lines(int id) => [.. Log.GetSnapshot().Where(record => record.Id.Id == id).Select(record => record.Message)];

    /// <summary>Completes when an event was logged so many times.</summary>
    public async Task WhenLoggedAsync(int id, int times = 1)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Lines(id).Length < times)
            await look.WaitForNextTickAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is null)
            return;

        if (_isStarted)
            await _host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
