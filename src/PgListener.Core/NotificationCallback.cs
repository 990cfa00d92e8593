namespace PgListener;

/// <summary>Reacts to one notification.</summary>
/// <param name="context">The notification, and a way to a connection of the callback's own.</param>
/// <param name="cancellationToken">Cancelled when the listener has to stop without waiting any longer, or when the callback's own time limit is over.</param>
/// <returns>A task that completes when the notification is dealt with. With the default concurrency of 1 the next one waits for it.</returns>
/// <remarks>
/// Callbacks run on the thread pool, never on the connection's own task. One callback's notifications run one after the
/// other in the order of their commits; different callbacks run independently of each other. An exception is logged
/// once, and the next notification goes on.
/// </remarks>
public delegate Task NotificationCallback(NotificationContext context, CancellationToken cancellationToken);
