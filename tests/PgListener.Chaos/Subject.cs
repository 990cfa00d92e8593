using Npgsql;
using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;
using PgListener.TestServer;

namespace PgListener.Chaos;

/// <summary>A listener under test, the proxy it connects through, and the record of what it did.</summary>
internal sealed class Subject : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource? _dataSource;

    /// <param name="name">Its name.</param>
    /// <param name="connectionString">The server's own.</param>
    /// <param name="borrows">Whether it takes its connections from a data source of somebody else.</param>
    /// <param name="log">Where to record.</param>
    public Subject(string name, string connectionString, bool borrows, RunLog log)
    {
        ApplicationName = $"chaos {name}";
        Log = log.Add(new SubjectLog(name));
        Proxy = FaultProxy.Start(new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = ApplicationName }.ConnectionString);
        var loggers = new LogCollector(Log);
        if (borrows)
        {
            _dataSource = new NpgsqlDataSourceBuilder(Proxy.ConnectionString) { ConnectionStringBuilder = { Timeout = (int)Settings.ConnectTimeout.TotalSeconds } }.Build();
            Listener = _dataSource.CreateListener(Settings.Options(loggers));
        }
        else
        {
            Listener = new Listener(Proxy.ConnectionString, Settings.Options(loggers));
        }

        Listener.StateChanged += (_, change)
            => Log.Add(new ListenerEvent(change.Status.Since, ListenerEventKind.Told, change.Status.State, change.Previous, change.Status.Problem ?? ""));
    }

    public string Name => Log.Name;

    public string ApplicationName { get; }

    public SubjectLog Log { get; }

    public FaultProxy Proxy { get; }

    public Listener Listener { get; }

    /// <summary>The server process of the connection that listens, if there is one at the moment.</summary>
    public int? ListeningProcess => Listener.Status is { State: ListenerState.Listening, ProcessId: var process } ? process : null;

    /// <summary>Starts in one of the two ways, and begins to dispatch.</summary>
    public async Task StartAsync(Random random)
    {
        if (random.Chance(0.5))
        {
            using var limit = new CancellationTokenSource(StartLimit);
            Log.Add(ListenerEventKind.StartBegun, "StartAsync");
            try
            {
                await Listener.StartAsync(limit.Token);
                Log.Add(ListenerEventKind.Started);
                Listener.Listen();
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
        Listener.Start();
        Log.Add(ListenerEventKind.Started);
        Listener.Listen();
    }

    /// <summary>Stops, leisurely or in a hurry.</summary>
    public async Task StopAsync(bool inHurry)
    {
        using var hurry = new CancellationTokenSource();
        if (inHurry)
            hurry.CancelAfter(TimeSpan.FromMilliseconds(100));
        Log.Add(ListenerEventKind.StopBegun, inHurry ? "in a hurry" : "");
        await Listener.StopAsync(hurry.Token);
        Log.Add(ListenerEventKind.Stopped);
    }

    /// <summary>Watches the state until the end.</summary>
    public async Task WatchAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            Log.Look(() => Listener.State);
            await Task.Delay(1, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        if (_dataSource is not null)
            await _dataSource.DisposeAsync();
        await Proxy.DisposeAsync();
    }
}
