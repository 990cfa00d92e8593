using PgListener.Chaos.Logs;
using PgListener.TestServer;

namespace PgListener.Chaos.Subjects;

/// <summary>A listener under test, the proxy it connects through, its clock, and the record of what it did.</summary>
internal abstract class Subject : IAsyncDisposable
{
    private volatile bool _observerThrows;

    /// <param name="name">Its name.</param>
    /// <param name="database">What it listens to, as a role of its own.</param>
    /// <param name="log">Where to record.</param>
    protected Subject(string name, ChaosDatabase database, RunLog log)
    {
        Log = log.Add(new SubjectLog(name));
        Proxy = FaultProxy.Start(database.ConnectionStringOf(this));
        Clock = new(Log);
    }

    public string Name => Log.Name;

    public string ApplicationName => $"chaos {Name}";

    /// <summary>The role it connects as, and nobody else.</summary>
    public string Role => $"chaos_{Name}";

    public SubjectLog Log { get; }

    public FaultProxy Proxy { get; }

    public SettableClock Clock { get; }

    public abstract ListenerStatus Status { get; }

    /// <summary>The server process of the connection that listens, if there is one at the moment.</summary>
    public int? ListeningProcess => Status is { State: ListenerState.Listening, ProcessId: var process } ? process : null;

    /// <summary>Whether an observer of the state, the first one that it has, throws at each change.</summary>
    public bool ObserverThrows
    {
        set => _observerThrows = value;
    }

    public abstract Task<ListenerSubscription> SubscribeAsync(string channel, NotificationCallback callback, SubscriptionOptions options, CancellationToken cancellationToken);

    /// <summary>Subscribes to a channel that nothing is sent on, and ends that at once.</summary>
    /// <param name="channel">The channel, which nobody else listens to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ComeAndGoAsync(string channel, CancellationToken cancellationToken)
    {
        try
        {
            var subscription = await SubscribeAsync(channel, (_, _) => Task.CompletedTask, new() { FullQueueMode = FullQueueMode.Drop }, cancellationToken);
            await subscription.DisposeAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or ListenerClosedException)
        {
            // There was no server for too long, or the listener was stopped.
        }
    }

    /// <summary>Starts in the way that it is started in, and begins to dispatch.</summary>
    public abstract Task StartAsync(Random random);

    /// <summary>Stops, and does not hurry.</summary>
    public abstract Task StopAsync();

    /// <summary>Watches the state until the end.</summary>
    public async Task WatchAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            Log.Look(() => Status.State);
            await Task.Delay(1, CancellationToken.None);
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>To be added first.</summary>
    protected void OnChangeThrow(object? sender, ListenerStateChangedEventArgs change)
    {
        if (_observerThrows)
            throw new InvalidOperationException("This observer is in a bad mood.");
    }

    /// <summary>To be added second.</summary>
    protected void OnChangeRecord(object? sender, ListenerStateChangedEventArgs change)
        => Log.Add(new ListenerEvent(DateTimeOffset.UtcNow, ListenerEventKind.Told, change.Status.State, change.Previous, change.Status.Problem ?? ""));
}
