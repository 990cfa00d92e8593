namespace PgListener;

/// <summary>Reacts to a gap: notifications may have been missed.</summary>
/// <param name="resync">What is known of the gap.</param>
/// <param name="cancellationToken">As for a <see cref="NotificationCallback"/>.</param>
/// <returns>A task that completes when the state that depends on notifications has been read again; the next notification waits for it.</returns>
public delegate Task ResyncCallback(Resync resync, CancellationToken cancellationToken);
