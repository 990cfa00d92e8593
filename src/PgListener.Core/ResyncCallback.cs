namespace PgListener;

/// <summary>Handles a gap, in which notifications may have been missed.</summary>
/// <param name="resync">The gap's reason and time window.</param>
/// <param name="cancellationToken">Cancelled when the time to stop has run out, or when the call exceeds <see cref="HandlerOptions.Timeout"/>.</param>
/// <returns>A task that completes when the state that depends on notifications has been read again; the next notification waits for it.</returns>
public delegate Task ResyncCallback(Resync resync, CancellationToken cancellationToken);
