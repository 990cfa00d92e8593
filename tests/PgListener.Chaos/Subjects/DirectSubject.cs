using Npgsql;
using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Subjects;

/// <summary>A <see cref="PgListener.Listener"/> without a host.</summary>
internal sealed class DirectSubject : Subject
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource? _dataSource;
    private readonly Listener _listener;

    /// <param name="name">Its name.</param>
    /// <param name="database">What it listens to.</param>
    /// <param name="borrows">Whether it takes its connections from a data source of somebody else, which always keeps one in its pool.</param>
    /// <param name="log">Where to record.</param>
    public DirectSubject(string name, ChaosDatabase database, bool borrows, RunLog log)
        : base(name, database, log)
    {
        var options = Settings.ApplyTo(new ListenerOptions { LoggerFactory = new LogCollector(Log), TimeProvider = Clock });
        if (borrows)
        {
            _dataSource = new NpgsqlDataSourceBuilder(Proxy.ConnectionString) { ConnectionStringBuilder = { Timeout = (int)Settings.ConnectTimeout.TotalSeconds, MinPoolSize = 1 } }.Build();
            _listener = _dataSource.CreateListener(options);
        }
        else
        {
            _listener = new Listener(Proxy.ConnectionString, options);
        }

        _listener.StateChanged += OnChangeThrow;
        _listener.StateChanged += OnChangeRecord;
    }

    public override ListenerStatus Status => _listener.Status;

    public override Task<ListenerSubscription> SubscribeAsync(string channel, NotificationCallback callback, SubscriptionOptions options, CancellationToken cancellationToken)
        => _listener.SubscribeAsync(channel, callback, options, cancellationToken);

    /// <summary>Starts in one of the two ways, and begins to dispatch.</summary>
    public override async Task StartAsync(Random random)
    {
        if (random.Chance(0.5))
        {
            using var limit = new CancellationTokenSource(StartLimit);
            Log.Add(ListenerEventKind.StartBegun, "StartAsync");
            try
            {
                await _listener.StartAsync(limit.Token);
                Log.Add(ListenerEventKind.Started);
                _listener.Listen();
                return;
            }
            catch (Exception e) when (e is ListenerStartException or OperationCanceledException)
            {
                // A server that is down or silent at the moment: the other way to start does not mind.
                Log.Add(ListenerEventKind.StartFailed, e.Message);
            }
        }

        Start();
    }

    /// <summary>Starts in the background, and begins to dispatch.</summary>
    public void Start()
    {
        Log.Add(ListenerEventKind.StartBegun, "Start");
        _listener.Start();
        Log.Add(ListenerEventKind.Started);
        _listener.Listen();
    }

    public override Task StopAsync() => StopAsync(CancellationToken.None);

    /// <summary>Stops.</summary>
    /// <param name="hurry">Cuts the waiting for callbacks short, when it is cancelled or if it is already.</param>
    public async Task StopAsync(CancellationToken hurry)
    {
        Log.Add(ListenerEventKind.StopBegun, hurry.IsCancellationRequested ? "at once" : hurry.CanBeCanceled ? "in a hurry" : "");
        await _listener.StopAsync(hurry);
        Log.Add(ListenerEventKind.Stopped);
    }

    public override async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        if (_dataSource is not null)
            await _dataSource.DisposeAsync();
        await Proxy.DisposeAsync();
    }
}
