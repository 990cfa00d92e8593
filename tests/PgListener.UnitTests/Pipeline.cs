using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PgListener.Session;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.UnitTests;

/// <summary>A listener from the table of channels on, with its metrics, and without a connection.</summary>
internal sealed class Pipeline : IDisposable
{
    private readonly RoutingKit _routing = new();
    private readonly WakeUps _wakeUps = new();
    private readonly SubscriptionContext _context;

    public Pipeline(string name = "", ListenerOptions? options = null, ILogger? logger = null)
    {
        Metrics = new(Meters, name);
        State = new(Time, Logger);
        _context = new(new(options ?? new()), new(Time), new(), _ => throw new NotSupportedException(), Time, logger ?? Logger) { Metrics = Metrics, Server = () => Server };
        Metrics.Observe(() => _context.Series.Current, () => new(State.Status.State, State.Reconnects, State.Status.RoundTrip, State.Status.QueueUsage));
        _routing.Difference.BeginSession();
    }

    public TestMeters Meters { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    public FakeLogger Logger { get; } = new();

    public ListenerMetrics Metrics { get; }

    public StateMachine State { get; }

    /// <summary>The server that the listener is connected to.</summary>
    public string? Server { get; set; } = "db.example:5433";

    /// <summary>Cancels calls, as a stop that cannot wait does.</summary>
    public CancellationToken Abort { get; init; }

    public void Dispose()
    {
        Metrics.Dispose();
        Meters.Dispose();
    }

    /// <summary>Adds a callback, or a reader if it is given none.</summary>
    public Subscription Subscribe(string? channel, NotificationCallback? callback, SubscriptionOptions options, bool isPaused = false)
    {
        var subscription = new Subscription(channel, callback, options, _context);
        subscription.Begin(isPaused, Abort);
        _ = _routing.Table.Add(subscription);
        _routing.Agree();
        return subscription;
    }

    public void Deliver(string channel, params string[] payloads)
    {
        foreach (var payload in payloads)
            _routing.Deliver(channel, payload, _wakeUps);
    }

    public void Remove(Subscription subscription) => _ = _routing.Table.Remove(subscription);

    /// <summary>Completes when all of the subscription's calls have been counted.</summary>
    public static Task EndAsync(Subscription subscription) => subscription.EndAsync(discard: false).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
}
