namespace PgListener;

/// <summary>Runs what is inside an <see cref="INotificationFilter"/>: the filters after it, and the handler.</summary>
/// <param name="cancellationToken">What those inside are given: the filter's own token, or one that is linked to it, for a time limit for example.</param>
/// <returns>A task that completes when they have ended. It has the exception that they let through.</returns>
/// <remarks>
/// It may be called again once the task has completed: each further call is another <see cref="NotificationFilterContext.Attempt"/>, in a scope of its own that ends with
/// the attempt, so that nothing of a failed one is used again.
/// </remarks>
/// <exception cref="OperationCanceledException">The call is canceled already, by its time limit or by the stop: the task of a further attempt has it, and nothing inside is run.</exception>
/// <exception cref="InvalidOperationException">The former call has not ended yet, or the filter has returned already.</exception>
public delegate Task NotificationFilterDelegate(CancellationToken cancellationToken);
