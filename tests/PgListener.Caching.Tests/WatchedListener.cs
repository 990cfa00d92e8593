namespace PgListener.Caching.Tests;

/// <summary>A listener that notes what the caches on it have applied.</summary>
internal sealed class WatchedListener(IPgListener listener) : IPgListener
{
    /// <summary>The notifications that were handled.</summary>
    public Received<string> Applied { get; } = new();

    /// <summary>The gaps that were handled.</summary>
    public Received<Resync> Gaps { get; } = new();

    /// <summary>Called after each gap that was handled.</summary>
    public Action<Resync>? OnGap { get; set; }

    /// <summary>Called after each notification that was handled.</summary>
    public Action<string>? OnApplied { get; set; }

    public string Name => listener.Name;

    public ListenerStatus Status => listener.Status;

    public IReadOnlyList<SubscriptionStatistics> GetStatistics() => listener.GetStatistics();

    public event EventHandler<ListenerStateChangedEventArgs>? StateChanged
    {
        add => listener.StateChanged += value;
        remove => listener.StateChanged -= value;
    }

    public Task WaitUntilListeningAsync(CancellationToken cancellationToken = default) => listener.WaitUntilListeningAsync(cancellationToken);

    public Task<ListenerSubscription> SubscribeAsync(string channel, NotificationCallback callback, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
    {
        var resync = options!.OnResync!;
        options.OnResync = async (gap, token) =>
        {
            await resync(gap, token);
            OnGap?.Invoke(gap);
            Gaps.Add(gap);
        };
        return listener.SubscribeAsync(channel, NoteAsync, options, cancellationToken);

        async Task NoteAsync(NotificationContext context, CancellationToken token)
        {
            await callback(context, token);
            if (OnApplied is { } note)
                note(context.Payload);
            else
                Applied.Add(context.Payload);
        }
    }

    public IAsyncEnumerable<Notification> ReadAllAsync(string channel, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
        => listener.ReadAllAsync(channel, options, cancellationToken);
}
