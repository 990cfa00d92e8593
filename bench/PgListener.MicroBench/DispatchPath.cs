using Microsoft.Extensions.Logging.Abstractions;
using PgListener.Routing;
using PgListener.Subscriptions;
using PgListener.Telemetry;

namespace PgListener.MicroBench;

/// <summary>The way from the connection to a subscriber's queue, or to its callback, without a connection. All that is used of the library's inside is used here.</summary>
internal sealed class DispatchPath
{
    private const int Capacity = 1_000_000;
    private const int AtATime = 2_500;
    private static readonly ListenerMetrics Metrics = new(factory: null, "");
    private readonly Router _router;
    private readonly WakeUps _wakeUps = new();
    private readonly QueueItem[] _taken = new QueueItem[256];
    private readonly SubscriptionQueue[] _queues;

    /// <summary>A session that listens to the channels, each with one subscriber.</summary>
    /// <param name="channels">The channels.</param>
    /// <param name="callback">What each subscriber is called with; without one, its queue is emptied by hand.</param>
    /// <param name="settings">The settings of the subscribers.</param>
    public DispatchPath(IEnumerable<string> channels, NotificationCallback? callback = null, HandlerOptions? settings = null)
    {
        var options = new ListenerOptions { QueueCapacity = Capacity, QueueCapacityBytes = 1L << 40 };
        var context = new SubscriptionContext(new(options), new(TimeProvider.System), new(), _ => throw new NotSupportedException(), TimeProvider.System, NullLogger.Instance) { Metrics = Metrics };
        var routes = new Routes();
        var difference = new Difference(routes);
        var table = new ChannelTable(routes, difference);
        _router = new(routes);
        difference.BeginSession();
        _queues = [.. channels.Select(channel =>
        {
            var subscription = new Subscription(channel, callback, new(settings ?? new()), context);
            subscription.Begin(isPaused: false, CancellationToken.None);
            _ = table.Add(subscription);
            return subscription.Queue!;
        })];
        difference.Apply(difference.TakeChanges());
    }

    /// <summary>As the connection's event does it.</summary>
    public void Deliver(string channel, string payload) => _router.Deliver(channel, payload, processId: 1, _wakeUps);

    /// <summary>Delivers notifications, and runs the callbacks on this thread where their subscriber waits, as a session does when it has read everything.</summary>
    public void DeliverAndCall(string channel, string payload, int count)
    {
        _wakeUps.Hold();
        for (var i = 1; i <= count; i++)
        {
            Deliver(channel, payload);
            if (i % AtATime == 0 || i == count)
                _wakeUps.WakeAllButOne()?.Wake();
        }
    }

    /// <summary>Takes whatever is in a queue, as its consumer would.</summary>
    /// <returns>How many there were.</returns>
    public int Drain(int index)
    {
        var count = 0;
        while (Take(_queues[index]) is > 0 and var taken)
            count += taken;
        return count;
    }

    /// <summary>Takes so many from the first queue, and waits where there are none.</summary>
    public async Task TakeAsync(int count)
    {
        while (count > 0 && await _queues[0].WaitToReadAsync())
            count -= Take(_queues[0]);
    }

    private int Take(SubscriptionQueue queue)
    {
        var taken = queue.Take(_taken);
        var bytes = 0L;
        foreach (ref readonly var item in _taken.AsSpan(0, taken))
            bytes += item.Size;
        queue.Release(taken, bytes);
        return taken;
    }
}
