namespace PgListener;

/// <summary>Handles one notification.</summary>
/// <param name="context">The notification, and a way to open a connection for the callback.</param>
/// <param name="cancellationToken">Cancelled when the time to stop has run out, or when the call exceeds <see cref="HandlerOptions.Timeout"/>.</param>
/// <returns>A task that completes when the notification has been handled. With the default <see cref="HandlerOptions.MaxConcurrency"/> of 1, the next one waits for it.</returns>
/// <remarks>
/// Callbacks run on the thread pool. A callback gets its notifications one after the other, in the order of their commits; different
/// callbacks are independent of each other. An exception is logged, and the next notification follows.
/// </remarks>
public delegate Task NotificationCallback(NotificationContext context, CancellationToken cancellationToken);
