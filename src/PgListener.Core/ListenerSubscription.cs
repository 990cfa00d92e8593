namespace PgListener;

/// <summary>A subscription made with <see cref="Listener.SubscribeAsync"/>; dispose of it to end it.</summary>
public sealed class ListenerSubscription : IAsyncDisposable
{
    private readonly Action<HandlerOptions>? _update;
    private Action? _end;

    /// <summary>Creates a subscription, for a fake in a test.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="end">Ends the subscription. Called once, by the first <see cref="DisposeAsync"/>. Optional.</param>
    /// <param name="update">Changes the settings. Called by each <see cref="Update"/>. Optional.</param>
    public ListenerSubscription(string channel, Action? end = null, Action<HandlerOptions>? update = null)
    {
        ArgumentNullException.ThrowIfNull(channel);
        Channel = channel;
        _end = end;
        _update = update;
    }

    /// <summary>The channel's name.</summary>
    public string Channel { get; }

    /// <summary>Changes the settings at run time, except the name and <see cref="SubscriptionOptions.OnResync"/>.</summary>
    /// <param name="options">All settings. Those that are <see langword="null"/> follow the listener's, also when these change.</param>
    /// <remarks>
    /// The queue keeps what it holds. A running call keeps the time limit that it began with. If more calls run than may run now, none begins
    /// until enough have ended; with a <see cref="HandlerOptions.MaxConcurrency"/> of 1, everything after them is handled in order again.
    /// </remarks>
    /// <exception cref="ArgumentException">A setting is out of range. Nothing is changed.</exception>
    public void Update(HandlerOptions options) => _update?.Invoke(options);

    /// <summary>
    /// Ends the subscription: after this no further call of its callback begins, and what was queued for it is discarded. A call
    /// that is running is not waited for, so that a callback may end its own subscription. If nothing else uses the channel,
    /// <c>UNLISTEN</c> follows soon.
    /// </summary>
    /// <returns>A completed task.</returns>
    public ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _end, null)?.Invoke();
        return ValueTask.CompletedTask;
    }
}
