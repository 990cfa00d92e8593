namespace PgListener.Health;

/// <summary>What another package adds to the health of a listener.</summary>
internal interface IHealthPart
{
    /// <summary>Checks it.</summary>
    /// <param name="gracePeriod">How long a lost connection is only degraded.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    ValueTask<HealthPart> CheckAsync(TimeSpan gracePeriod, CancellationToken cancellationToken);
}
