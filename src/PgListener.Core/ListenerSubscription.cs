namespace PgListener;

/// <summary>A subscription made with <see cref="Listener.SubscribeAsync"/>; disposing of it ends it.</summary>
public sealed class ListenerSubscription : IAsyncDisposable
{
    private readonly Action<HandlerOptions>? _update;
    private Action? _end;

    /// <summary>Creates a subscription: for a fake of what subscribes, in a test for example.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="end">Ends it. Called once, by the first <see cref="DisposeAsync"/>; nothing is called when left out.</param>
    /// <param name="update">Changes its settings. Called by each <see cref="Update"/>; nothing is called when left out.</param>
    public ListenerSubscription(string channel, Action? end = null, Action<HandlerOptions>? update = null)
    {
        ArgumentNullException.ThrowIfNull(channel);
        Channel = channel;
        _end = end;
        _update = update;
    }

    /// <summary>The channel.</summary>
    public string Channel { get; }

    /// <summary>Changes its settings while it runs. Its name, and how it hears of gaps, stay.</summary>
    /// <param name="options">All its settings; what is <see langword="null"/> is taken from the listener's, as they are now and will be.</param>
    /// <remarks>
    /// The queue keeps what it holds. Calls that run end as they began, with the time limit they began with; when fewer may run at
    /// a time than do, none begins until enough have ended, and with a <see cref="HandlerOptions.MaxConcurrency"/> of 1 everything
    /// after them is dealt with in order again.
    /// </remarks>
    /// <exception cref="ArgumentException">A setting is wrong. Nothing is changed then.</exception>
    public void Update(HandlerOptions options) => _update?.Invoke(options);

    /// <summary>
    /// Ends the subscription: after this no further call of its callback begins, and what was queued for it is discarded. A call
    /// that is running is not waited for, so that a callback may end its own subscription. Once nobody else wants the channel,
    /// the server is told soon.
    /// </summary>
    /// <returns>A completed task.</returns>
    public ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _end, null)?.Invoke();
        return ValueTask.CompletedTask;
    }
}
