namespace PgListener;

/// <summary>A subscription made with <see cref="Listener.SubscribeAsync"/>; disposing of it ends it.</summary>
public sealed class ListenerSubscription : IAsyncDisposable
{
    private Action? _end;

    internal ListenerSubscription(string channel, Action end)
    {
        Channel = channel;
        _end = end;
    }

    /// <summary>The channel.</summary>
    public string Channel { get; }

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
