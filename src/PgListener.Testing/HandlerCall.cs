namespace PgListener.Testing;

/// <summary>A call of a handler or callback for a notification or a gap, after it has ended.</summary>
public sealed record HandlerCall
{
    internal HandlerCall(string listener, string handler, string channel, Notification? notification, Resync? resync, Exception? exception)
    {
        Listener = listener;
        Handler = handler;
        Channel = channel;
        Notification = notification;
        Resync = resync;
        Exception = exception;
    }

    /// <summary>The listener's name; empty for the listener without a name.</summary>
    public string Listener { get; }

    /// <summary>The name of the handler or callback in logs: that of its class or method, unless its settings give another.</summary>
    public string Handler { get; }

    /// <summary>The channel's name.</summary>
    public string Channel { get; }

    /// <summary>The notification of the call; <see langword="null"/> for a gap.</summary>
    public Notification? Notification { get; }

    /// <summary>The gap of the call; <see langword="null"/> for a notification.</summary>
    public Resync? Resync { get; }

    /// <summary>The failure of the call; <see langword="null"/> if it succeeded.</summary>
    /// <value>
    /// The exception that the handler has thrown; a <see cref="TimeoutException"/> if its <see cref="HandlerOptions.Timeout"/> cancelled the call, a
    /// <see cref="ListenerClosedException"/> if the stop did, and a <see cref="ListenerException"/> if the payload could not be read.
    /// </value>
    public Exception? Exception { get; }
}
