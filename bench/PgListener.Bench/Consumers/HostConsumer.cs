using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace PgListener.Bench;

/// <summary>A generic host in which something listens.</summary>
internal sealed class HostConsumer : IConsumer
{
    /// <summary>Else the host wakes up whenever some file changes beneath its folder, which would be measured as work.</summary>
    private const string NoWatching = "--hostBuilder:reloadConfigOnChange=false";

    private readonly IHost _host;

    public HostConsumer(Action<IServiceCollection> addServices)
    {
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
        => new(services =>
        {
            var builder = AddPgListener(services, settings);
            if (settings.Lanes == 1)
                builder.AddHandler<BenchOrder, BenchHandler>();
            else
                HundredHandlers.AddTo(builder, settings.Lanes);
        });

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

    public Task StartAsync() => _host.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static PgListenerBuilder AddPgListener(IServiceCollection services, ConsumerSettings settings)
        => services.AddPgListener(options =>
        {
            options.ConnectionString = settings.ConnectionString;
            settings.ApplyTo(options);
        });
}
