using WebApi.Tests;

namespace PgListener.AspNetCore.Tests;

/// <summary>A listener that says what a test wants it to say, and counts how often it is asked.</summary>
internal sealed class FakeListener(string name = "") : IPgListener
{
    private int _looks;

    public string Name => name;

    public ListenerState State => Status.State;

    public ListenerStatus Status { get; set; } = new()
    {
        State = ListenerState.Listening,
        Since = Site.Start,
        Server = "db.example:5432",
        ProcessId = 4711,
        RoundTrip = TimeSpan.FromMilliseconds(1.5),
        QueueUsage = 0.25,
    };

    public List<SubscriptionStatistics> Subscriptions { get; } = [];

    /// <summary>How often somebody asked for the statistics.</summary>
    public int Looks => Volatile.Read(ref _looks);

    public Exception? Failure { get; set; }

    /// <summary>What a look waits for, if it is to take long.</summary>
    public ManualResetEventSlim? Gate { get; set; }

    public event EventHandler<ListenerStateChangedEventArgs>? StateChanged;

    public IReadOnlyList<SubscriptionStatistics> GetStatistics()
    {
        Interlocked.Increment(ref _looks);
        Gate?.Wait(Eventually.Limit, TestContext.Current.CancellationToken);
        return Failure is null ? [.. Subscriptions] : throw Failure;
    }

    /// <summary>Adds a subscription that has just begun.</summary>
    public void Subscribe(string subscription, string? channel)
        => Subscriptions.Add(new() { Name = subscription, Channel = channel, QueueCapacity = 100, QueueCapacityBytes = 10_000 });

    public void Update(int index, Func<SubscriptionStatistics, SubscriptionStatistics> change) => Subscriptions[index] = change(Subscriptions[index]);

    public void Move(ListenerState state, DateTimeOffset since, string? problem = null)
    {
        var previous = State;
        Status = Status with { State = state, Since = since, Problem = problem };
        StateChanged?.Invoke(this, new(previous, Status));
    }

    public Task WaitUntilListeningAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<ListenerSubscription> SubscribeAsync(
        string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public IAsyncEnumerable<Notification> ReadAllAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();
}
