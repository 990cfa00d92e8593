using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A generic host in which something listens.</summary>
internal sealed class HostConsumer : IConsumer
{
    /// <summary>Else the host wakes up whenever some file changes beneath its folder, which would be measured as work.</summary>
    private const string NoWatching = "--hostBuilder:reloadConfigOnChange=false";

    private readonly IHost _host;
    private readonly IReadOnlyList<string> _listeners;

    /// <param name="addServices">Adds what listens.</param>
    /// <param name="listeners">The listeners that the start waits for, which the host's own start does not.</param>
    public HostConsumer(Action<IServiceCollection> addServices, params IReadOnlyList<string> listeners)
    {
        _listeners = listeners;
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            EnvironmentName = Environments.Production,
            ContentRootPath = AppContext.BaseDirectory,
            Args = [NoWatching],
        });
        ConsumerLog.Configure(builder.Logging);
        addServices(builder.Services);
        _host = builder.Build();
    }

    public static HostConsumer HandWritten<TService>(ConsumerSettings settings)
        where TService : class, IHostedService
        => new(services =>
        {
            services.AddSingleton(_ => NpgsqlDataSource.Create(settings.ConnectionString));
            services.AddTransient<IOrderHandler, OrderHandler>();
            services.AddHostedService<TService>();
        });

    public static HostConsumer HandlerTransient(ConsumerSettings settings)
        => settings.Listeners > 1 ? NamedListeners(settings) : new(
            services =>
            {
                var builder = AddPgListener(services, settings);
                if (settings.Lanes == 1)
                    builder.AddHandler<BenchOrder, BenchHandler>();
                else
                    ManyHandlers.AddTo(builder, settings.Lanes);
            },
            Options.DefaultName);

    public static HostConsumer HandlerScoped(ConsumerSettings settings)
        => new(services =>
        {
            services.AddScoped<INotificationHandler<BenchOrder>, BenchHandler>();
            AddPgListener(services, settings).AddChannel<BenchOrder>();
        });

    /// <summary>A listener without handlers, for those who ask for one.</summary>
    public static HostConsumer Listener(ConsumerSettings settings, out IPgListener listener)
    {
        var consumer = new HostConsumer(services => AddPgListener(services, settings));
        listener = consumer._host.Services.GetRequiredService<IPgListener>();
        return consumer;
    }

    public async Task StartAsync()
    {
        await _host.StartAsync();
        foreach (var name in _listeners)
        {
            var listener = name.Length == 0 ? _host.Services.GetRequiredService<IPgListener>() : _host.Services.GetRequiredKeyedService<IPgListener>(name);
            await listener.WaitUntilListeningAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>A listener for each channel.</summary>
    private static HostConsumer NamedListeners(ConsumerSettings settings)
    {
        string[] channels = [.. settings.ChannelNames];
        return new(
            services =>
            {
                foreach (var channel in channels)
                    services.AddPgListener(channel, options => Configure(options, settings)).MapChannel<BenchOrder>(channel).AddHandler<BenchOrder, BenchHandler>();
            },
            channels);
    }

    private static PgListenerBuilder AddPgListener(IServiceCollection services, ConsumerSettings settings)
        => services.AddPgListener(options => Configure(options, settings));

    private static void Configure(PgListenerOptions options, ConsumerSettings settings)
    {
        options.ConnectionString = settings.ConnectionString;
        settings.ApplyTo(options);
    }
}
