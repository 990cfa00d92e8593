namespace PgListener;

/// <summary>Runs the inner filters of an <see cref="INotificationFilter"/>, and the handler.</summary>
/// <param name="cancellationToken">The token for the inner filters and the handler: the filter's own, or one that is linked to it, for example for a time limit.</param>
/// <returns>A task that completes when they have ended. It fails with the exception that leaves them.</returns>
/// <remarks>
/// It may be called again once the task has completed. Each further call is another <see cref="NotificationFilterContext.Attempt"/>, in a scope of its own that ends with
/// the attempt, so that no scoped service of a failed attempt is used again.
/// </remarks>
/// <exception cref="OperationCanceledException">The call is already cancelled, by its time limit or by the stop, and this would be a further attempt.</exception>
/// <exception cref="InvalidOperationException">The previous call has not ended yet, or the filter has already returned.</exception>
public delegate Task NotificationFilterDelegate(CancellationToken cancellationToken);
