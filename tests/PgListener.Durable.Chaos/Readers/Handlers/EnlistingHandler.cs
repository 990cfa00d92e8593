namespace PgListener.Durable.Chaos.Readers.Handlers;

/// <summary>Writes its effect in the transaction that it enlists, so effectively once; now and then it fails, before the commit or after it.</summary>
internal abstract class EnlistingHandler(EffectTable effects) : INotificationHandler<Deposit>
{
    /// <inheritdoc/>
    public async Task HandleAsync(Notification<Deposit> notification, CancellationToken cancellationToken)
    {
        await using var connection = await effects.DataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await effects.WriteAsync(connection, GetType().Name, notification.Value, cancellationToken);
        await notification.Message!.EnlistAsync(transaction, cancellationToken);
        FailSometimes();
        await transaction.CommitAsync(cancellationToken);
        FailSometimes();
    }

    private static void FailSometimes()
    {
        if (Random.Shared.NextDouble() < Settings.FailureRate)
            throw new InvalidOperationException("A failure that is part of the run.");
    }
}
