namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>Writes its effect by itself, so at least once.</summary>
internal abstract class DirectHandler(EffectTable effects) : INotificationHandler<Deposit>
{
    /// <inheritdoc/>
    public virtual Task HandleAsync(Notification<Deposit> notification, CancellationToken cancellationToken)
        => effects.WriteAsync(GetType().Name, notification.Value, cancellationToken);
}
