using System.Threading.Channels;

namespace PgListener.Durable.Walks;

/// <summary>Hands messages out to a number of lanes. Those with the same key share one, so they run one after the other.</summary>
internal sealed class Lanes
{
    private readonly Channel<Delivery>[] _lanes;
    private readonly Task _completion;
    private readonly Signal _idle = new();
    private int _pending;
    private int _next;

    /// <param name="count">The number of lanes.</param>
    /// <param name="capacity">The most messages that wait in all of them together.</param>
    /// <param name="handle">Handles one message. An exception ends all lanes.</param>
    public Lanes(int count, int capacity, Func<Delivery, Task> handle)
    {
        _lanes = new Channel<Delivery>[count];
        var running = new Task[count];
        for (var i = 0; i < count; i++)
        {
            var lane = Channel.CreateBounded<Delivery>(new BoundedChannelOptions(Math.Max(1, capacity / count)) { SingleReader = true, SingleWriter = true });
            _lanes[i] = lane;
            running[i] = Task.Run(() => RunAsync(lane.Reader, HandleAsync));
        }

        _completion = Task.WhenAll(running);
        FirstFailure = WhenFirstFailsAsync(running);

        async Task HandleAsync(Delivery delivery)
        {
            await handle(delivery).ConfigureAwait(false);
            if (Interlocked.Decrement(ref _pending) == 0)
                _idle.Set();
        }
    }

    /// <summary>Fails when the first lane does; completes with all of them.</summary>
    public Task FirstFailure { get; }

    /// <summary>Adds a message to its lane. Waits while that one is full.</summary>
    public ValueTask PostAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _pending);
        return _lanes[LaneOf(delivery)].Writer.WriteAsync(delivery, cancellationToken);
    }

    /// <summary>Waits until all that was posted so far is handled, in the one who posts.</summary>
    public async Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _pending) > 0)
            await _idle.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until all that was posted is handled.</summary>
    public Task CompleteAsync()
    {
        foreach (var lane in _lanes)
            lane.Writer.TryComplete();
        return _completion;
    }

    private static async Task RunAsync(ChannelReader<Delivery> lane, Func<Delivery, Task> handle)
    {
        while (await lane.WaitToReadAsync().ConfigureAwait(false))
        {
            while (lane.TryRead(out var delivery))
                await handle(delivery).ConfigureAwait(false);
        }
    }

    private static async Task WhenFirstFailsAsync(Task[] running)
    {
        await foreach (var lane in Task.WhenEach(running).ConfigureAwait(false))
            await lane.ConfigureAwait(false);
    }

    private int LaneOf(Delivery delivery)
    {
        if (_lanes.Length == 1)
            return 0;
        if (delivery.Message.Key is { } key)
            return (int)((uint)key.GetHashCode(StringComparison.Ordinal) % (uint)_lanes.Length);
        return _next = (_next + 1) % _lanes.Length;
    }
}
