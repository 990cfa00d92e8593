namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>Fails now and then, before it has an effect.</summary>
internal abstract class FailingHandler(EffectTable effects) : DirectHandler(effects)
{
    /// <inheritdoc/>
    public override Task HandleAsync(Notification<Deposit> notification, CancellationToken cancellationToken)
        => Random.Shared.NextDouble() < Settings.FailureRate
            ? throw new InvalidOperationException("A failure that is part of the run.")
            : base.HandleAsync(notification, cancellationToken);
}
