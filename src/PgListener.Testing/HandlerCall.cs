namespace PgListener.Testing;

/// <summary>A call of a handler, or of a callback, that has ended: for a notification or for a gap.</summary>
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

    /// <summary>The listener's name; empty for the one without a name.</summary>
    public string Listener { get; }

    /// <summary>What the handler or the callback is called in logs: the name of its class or method, unless it was given another.</summary>
    public string Handler { get; }

    /// <summary>The channel.</summary>
    public string Channel { get; }

    /// <summary>The notification it was called for; <see langword="null"/> for a gap.</summary>
    public Notification? Notification { get; }

    /// <summary>What <c>ResyncAsync</c> was told; <see langword="null"/> for a notification.</summary>
    public Resync? Resync { get; }

    /// <summary>Why it has failed; <see langword="null"/> if it has succeeded.</summary>
    /// <value>
    /// What the handler has thrown. A <see cref="TimeoutException"/> if its <see cref="HandlerOptions.Timeout"/> has cancelled it, a
    /// <see cref="ListenerClosedException"/> if the stop has, and a <see cref="ListenerException"/> if the payload could not be read.
    /// </value>
    public Exception? Exception { get; }
}
