using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using PgListener.TestServer;
using WebApi.Tests;

namespace PgListener.Samples.Tests;

/// <summary>One running instance of a web sample, on a real port.</summary>
/// <typeparam name="T">Any type of the sample.</typeparam>
internal sealed class WebSample<T> : WebApplicationFactory<T>
    where T : class
{
    private readonly Database _database;
    private readonly FaultProxy _network;
    private readonly Action<IServiceCollection> _configure;

    private WebSample(Database database, Action<IServiceCollection>? configure)
    {
        _database = database;
        _network = FaultProxy.Start(database.ConnectionString);
        _configure = configure ?? (static _ => { });
    }

    public HttpClient Client { get; private set; } = null!;

    public Uri Address => ClientOptions.BaseAddress;

    public IPgListener Listener => Services.GetRequiredService<IPgListener>();

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="database">Its database.</param>
    /// <param name="configure">Replaces some of its services.</param>
    public static async Task<WebSample<T>> StartAsync(Database database, Action<IServiceCollection>? configure = null)
    {
        var sample = new WebSample<T>(database, configure);
        sample.UseKestrel();
        sample.StartServer();
        sample.Client = sample.CreateClient();
        await sample.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        return sample;
    }

    /// <summary>Cuts the listener off from the server, but nothing else of the sample.</summary>
    public async Task LoseListenerAsync()
    {
        _network.Refuses = true;
        _network.ResetAll();
        await Eventually.GetAsync(() => Task.FromResult(Listener.State), state => state == ListenerState.Reconnecting);
    }

    public void LetListenerReturn() => _network.Refuses = false;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _network.DisposeAsync();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.ConfigureServices(_configure);
        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.UseSetting("ConnectionStrings:Postgres", _database.ConnectionString);
        builder.UseSetting("PgListener:ConnectionString", _network.ConnectionString);
        builder.UseSetting("Logging:Console:LogLevel:Default", "None");
    }
}
