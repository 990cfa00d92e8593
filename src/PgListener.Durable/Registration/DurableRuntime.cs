using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using PgListener.Connections;
using PgListener.Durable.Membership;
using PgListener.Durable.Operations;
using PgListener.Durable.Retention;
using PgListener.Durable.Streams;
using PgListener.Durable.Telemetry;
using PgListener.Durable.Walks;
using PgListener.Health;
using PgListener.Registration;
using PgListener.Telemetry;

namespace PgListener.Durable.Registration;

/// <summary>The durable channels of one listener while the host runs.</summary>
internal sealed class DurableRuntime : IAsyncDisposable, IDisposable
{
    private readonly ListenerRegistration _registration;
    private readonly HostedListener _listener;
    private readonly ILogger _logger;
    private readonly bool _ownsDataSource;
    private readonly ConnectionSource _connections;
    private readonly CoordinationLoop _loop;
    private readonly IReadOnlyList<DurableSubscription> _subscriptions;
    private readonly WakeUps _wakeUps = new();
    private readonly DurableWatch _watch;
    private readonly DurableMetrics _metrics;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Lock _sync = new();
    private Task? _running;

    public DurableRuntime(ListenerRegistration registration, IServiceProvider services)
    {
        _registration = registration;
        _listener = services.GetRequiredKeyedService<HostedListener>(registration.Name);
        Options = services.GetRequiredService<IOptionsMonitor<DurableChannelOptions>>().Get(registration.Name);
        var settings = _listener.OptionsAtStart;
        var own = registration.WithHost(settings, services);
        var logger = _logger = new SafeLogger((own.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("PgListener"));
        var time = own.TimeProvider ?? TimeProvider.System;
        (DataSource, _connections, _ownsDataSource) = Connect(settings, own, services);
        _subscriptions = [.. DurableHandlers.Of(registration).Select(handler => SubscriptionOf(handler, settings, services))];
        var registrar = new SubscriptionRegistrar(logger);
        var clusters = new ClusterDiscovery(logger);
        var state = new CoordinationState(time);
        var prefix = settings.ChannelPrefix ?? "";
        var local = new LocalStatistics(state, _subscriptions, registrar.Instance);
        _watch = new(DataSource, new(prefix), local, Options, time, logger);
        _metrics = new(own.MeterFactory, registration.Name, local, _watch, time);
        Channels = new DurableChannels(DataSource, prefix, clusters, local, time, logger);
        Health = new DurableHealth(local, _watch, Options, time);
        _listener.Listener.Metrics.Append([.. _subscriptions.Select(static subscription => subscription.Counts)]);
        Streams = new(new()
        {
            DataSource = DataSource,
            Options = new(own),
            Durable = Options,
            ChannelPrefix = prefix,
            Coordinate = Coordinate,
            Hear = Hear,
            Time = time,
            Logger = logger,
        });
        var holder = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}");
        _loop = new(
            new()
            {
                Connections = _connections,
                Options = new(own),
                Durable = Options,
                Schema = new ListenerSchemaCheck(Options, DataSource),
                Clusters = clusters,
                Registrar = registrar,
                Subscriptions = _subscriptions,
                Runner = new ShardRunner(new(DataSource, Options, registration.Name, holder, Server: null, time, logger) { Metrics = _listener.Listener.Metrics }),
                Keep = new LogKeeper(DataSource, Options.MaxAge, time, logger).RunAsync,
                Tails = Streams,
                FormerRuns = new(time),
                WakeUps = _wakeUps,
                State = state,
                Time = time,
                Logger = logger,
            },
            Random.Shared.NextDouble);
    }

    public DurableChannelOptions Options { get; }

    /// <summary>A pool for reading and publishing.</summary>
    public NpgsqlDataSource DataSource { get; }

    public IWakeUps WakeUps => _wakeUps;

    public IDurableChannels Channels { get; }

    public IHealthPart Health { get; }

    public DurableStreams Streams { get; }

    /// <summary>Creates the schema if that is configured. If the server cannot be reached, the coordination does it as soon as it can, so that the host's start need not wait.</summary>
    public async Task CreateSchemaAsync(CancellationToken cancellationToken)
    {
        if (!Options.CreateSchema)
            return;

        try
        {
            await DurableSchema.CreateAsync(DataSource, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException)
        {
            _logger.SchemaNotCreated(Diagnosis.Of(e));
        }
    }

    /// <summary>Begins to coordinate and to handle messages, in the background. Without a handler there is nothing to do before the first stream.</summary>
    public void Start()
    {
        if (_subscriptions.Count > 0)
            Coordinate();
    }

    /// <summary>Ends the calls that are running, and releases the locks.</summary>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Streams.StopAsync().ConfigureAwait(false);
        Task? running;
        lock (_sync)
            running = _running;
        if (running is null)
            return;

        await using (cancellationToken.UnsafeRegister(static self => ((DurableRuntime)self!)._abort.Cancel(), this).ConfigureAwait(false))
            await running.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        await Streams.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
        _watch.Dispose();
        await _connections.DisposeAsync().ConfigureAwait(false);
        if (_ownsDataSource)
            await DataSource.DisposeAsync().ConfigureAwait(false);

        // The token sources stay as they are: a host that has been disposed may be stopped once more, and they hold nothing.
    }

    /// <summary>For a container that is disposed of synchronously. A host disposes asynchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void Coordinate()
    {
        lock (_sync)
        {
            if (_running is not null || _stopping.IsCancellationRequested)
                return;

            ChannelWakeUps.Subscribe(_listener.Listener, _subscriptions, _wakeUps);
            var watching = _subscriptions.Count > 0 ? Task.Run(() => _watch.RunAsync(_stopping.Token), CancellationToken.None) : Task.CompletedTask;
            _running = Task.WhenAll(Task.Run(() => _loop.RunAsync(_stopping.Token, _abort.Token), CancellationToken.None), watching);
        }
    }

    /// <summary>Hears the wake-ups of a channel that has streams.</summary>
    private ChannelHearing Hear(string channel, string logicalChannel)
    {
        var heeded = _wakeUps.HearForStreams(channel);
        return new(ChannelWakeUps.Subscribe(_listener.Listener, channel, logicalChannel, _wakeUps, " for streams"), heeded.Dispose);
    }

    private (NpgsqlDataSource Pool, ConnectionSource Sessions, bool IsOwn) Connect(PgListenerOptions settings, ListenerOptions own, IServiceProvider services)
    {
        if (_registration.DataSource is { } given)
        {
            var dataSource = given(services);
            return (DataSourceFactory.ForPrimary(dataSource), ConnectionSource.From(dataSource), false);
        }

        // Nothing that runs on it leaves anything in its session, and resetting it would take longer than reading a page.
        var pool = DataSourceFactory.Build(settings.ConnectionString!, Configure, static pool => pool.NoResetOnClose = true);
        return (pool, ConnectionSource.From(settings.ConnectionString!, own, Configure), true);

        void Configure(NpgsqlDataSourceBuilder builder) => _registration.ConfigureDataSource?.Invoke(services, builder);
    }

    private DurableSubscription SubscriptionOf(HandlerEntry handler, PgListenerOptions settings, IServiceProvider services)
    {
        var channel = handler.ChannelOn(_registration);
        return new(
            ChannelName.WithPrefix(settings.ChannelPrefix ?? "", channel),
            channel,
            handler.Name,
            DurableHandlers.OptionsOf(handler, _registration, services),
            settings.Handlers[handler.Key],
            handler.CreateMessageHandler(_registration, services.GetRequiredService<IServiceScopeFactory>(), _listener.PayloadLog));
    }
}
