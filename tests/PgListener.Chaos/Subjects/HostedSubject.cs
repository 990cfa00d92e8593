using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using PgListener.Chaos.Logs;
using PgListener.Chaos.Subjects.Handlers;

namespace PgListener.Chaos.Subjects;

/// <summary>A listener in a host, with handlers: as they are, decorated, and replaced.</summary>
internal sealed class HostedSubject : Subject
{
    private readonly IHost _host;
    private readonly IPgListener _listener;
    private readonly HandlerBook _book;

    /// <param name="name">Its name.</param>
    /// <param name="database">What it listens to.</param>
    /// <param name="log">Where to record.</param>
    public HostedSubject(string name, ChaosDatabase database, RunLog log)
        : base(name, database, log)
    {
        _book = new(this, log);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(_book);
        builder.Services.AddPgListener(options =>
        {
            Settings.ApplyTo(options);
            options.ConnectionString = Proxy.ConnectionString;
            options.LoggerFactory = new LogCollector(Log);
            options.TimeProvider = Clock;
        })
            .AddHandler<Decorated, PlainHandler>(HandlerBook.Configure)
            .AddHandler<Decorated, FirstDecorated>(HandlerBook.Configure)
            .AddHandler<Decorated, SecondDecorated>(HandlerBook.Configure)
            .AddHandler<Replaced, ReplacedHandler>(HandlerBook.Configure);
        Decorate<FirstDecorated>(builder.Services, 1);
        Decorate<SecondDecorated>(builder.Services, 2);
        builder.Services.Replace(ServiceDescriptor.Transient<INotificationHandler<Replaced>, Replacement>());

        _host = builder.Build();
        _listener = _host.Services.GetRequiredService<IPgListener>();
        _listener.StateChanged += OnChangeThrow;
        _listener.StateChanged += OnChangeRecord;
    }

    public override ListenerStatus Status => _listener.Status;

    /// <summary>What its handlers record with.</summary>
    public IEnumerable<Recorder> Handlers => _book.Recorders;

    public override Task<ListenerSubscription> SubscribeAsync(string channel, NotificationCallback callback, SubscriptionOptions options, CancellationToken cancellationToken)
        => _listener.SubscribeAsync(channel, callback, options, cancellationToken);

    public override async Task StartAsync(Random random)
    {
        Log.Add(ListenerEventKind.StartBegun, "host");
        await _host.StartAsync();
        Log.Add(ListenerEventKind.Started);
    }

    public override async Task StopAsync()
    {
        Log.Add(ListenerEventKind.StopBegun, "host");
        await _host.StopAsync();
        Log.Add(ListenerEventKind.Stopped);
    }

    public override async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)_host).DisposeAsync();
        await Proxy.DisposeAsync();
    }

    /// <summary>Puts a decorator in the place of the n-th handler, as libraries that decorate do.</summary>
    private static void Decorate<THandler>(IServiceCollection services, int index)
        where THandler : INotificationHandler<Decorated>
    {
        var descriptor = services.Where(descriptor => descriptor.ServiceType == typeof(INotificationHandler<Decorated>)).ElementAt(index);
        services[services.IndexOf(descriptor)] = ServiceDescriptor.Transient<INotificationHandler<Decorated>>(
            provider => new Decorator(typeof(THandler).Name, provider.GetRequiredService<THandler>(), provider.GetRequiredService<HandlerBook>()));
    }
}
