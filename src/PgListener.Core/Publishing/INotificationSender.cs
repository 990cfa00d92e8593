namespace PgListener.Publishing;

/// <summary>Sends notifications in transactions of their own.</summary>
internal interface INotificationSender
{
    /// <summary>Sends one transaction. Completes after the commit.</summary>
    Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken);

    /// <summary>Sends several transactions, one after the other and in one round trip. Completes when all are committed or refused.</summary>
    /// <returns>For each, why the server refused it; <see langword="null"/> if it is committed.</returns>
    Task<IReadOnlyList<Exception?>> SendEachAsync(IReadOnlyList<IReadOnlyList<Outgoing>> transactions, CancellationToken cancellationToken);
}
