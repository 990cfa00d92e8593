namespace PgListener.AspNetCore.Tests;

/// <summary>Durable channels that say what a test wants them to say, and count how often they are asked.</summary>
internal sealed class FakeDurable : IDurableChannels
{
    private int _readings;

    public DurableStatus Status { get; set; } = new();

    public DurableStatistics Statistics { get; set; } = new() { IsCoordinating = true };

    public List<ParkedMessage> Parked { get; } = [];

    public Exception? Failure { get; set; }

    /// <summary>What a reading waits for, if it is to take long.</summary>
    public Task? Gate { get; set; }

    /// <summary>How a pause fails.</summary>
    public Exception? ActFailure { get; set; }

    /// <summary>Whether the subscription is removed when a pause begins.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>Set by a pause when it has begun; it then lasts until it is cancelled.</summary>
    public TaskCompletionSource? ActGate { get; set; }

    /// <summary>How often the database was asked.</summary>
    public int Readings => Volatile.Read(ref _readings);

    public static DurableShardStatus Shard(int shard, string? holder = "shop-1/412", int process = 7001, long waiting = 0, double seconds = 0) => new()
    {
        Shard = shard,
        Holder = holder is null ? null : new(holder, process),
        PositionAt = DateTimeOffset.UtcNow,
        LagMessages = waiting,
        Lag = waiting > 0 ? TimeSpan.FromSeconds(seconds) : null,
        NextMessage = waiting > 0 ? 5_000 + shard : null,
    };

    /// <summary>Adds a subscription with these shards.</summary>
    public void Add(string channel, string handler, params DurableShardStatus[] shards) => Status = Status with
    {
        Subscriptions = [.. Status.Subscriptions, new() { Name = new(channel, handler), Members = 1, SeenAt = Site.Start, Shards = shards }],
    };

    public void Update(int index, Func<DurableSubscriptionStatus, DurableSubscriptionStatus> change)
        => Status = Status with { Subscriptions = [.. Status.Subscriptions.Select((one, i) => i == index ? change(one) : one)] };

    public DurableStatistics GetStatistics() => Statistics;

    public async Task<DurableStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _readings);
        if (Gate is { } gate)
            await gate.WaitAsync(cancellationToken);
        return Failure is null ? Status : throw Failure;
    }

    public Task<IReadOnlyList<ParkedMessage>> GetParkedMessagesAsync(ParkedMessageFilter filter, int limit = 100, ParkedMessage? after = null, CancellationToken cancellationToken = default)
        => Task.FromResult<IReadOnlyList<ParkedMessage>>(
            [.. Parked.Where(one => one.Subscription == filter.Subscription && one.ErrorType == (filter.ErrorType ?? one.ErrorType) && one.Id > (after?.Id ?? 0)).Take(limit)]);

    public Task<IReadOnlyList<ParkedMessageCount>> CountParkedMessagesAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default)
        => Task.FromResult<IReadOnlyList<ParkedMessageCount>>([.. Parked.GroupBy(one => (one.Subscription, one.ErrorType))
            .Select(group => new ParkedMessageCount(group.Key.Subscription, group.Key.ErrorType, group.LongCount(), group.Min(one => one.FailedAt)))
            .OrderByDescending(count => count.Count)]);

    public Task<int> RequeueAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<int> DeleteAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async Task PauseAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default)
    {
        ActGate?.SetResult();
        if (ActGate is not null)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        throw IsRemoved ? new ArgumentException("There is no such subscription any more.", nameof(subscription)) : ActFailure ?? new NotSupportedException();
    }

    public Task ResumeAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long?> SkipHeadAsync(DurableSubscriptionName subscription, int shard = 0, long? messageId = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task ReplayAsync(DurableSubscriptionName subscription, long messageId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task ReplayAsync(DurableSubscriptionName subscription, DateTimeOffset from, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task RemoveAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
