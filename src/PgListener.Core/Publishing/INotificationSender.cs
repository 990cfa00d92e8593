namespace PgListener.Publishing;

/// <summary>Sends notifications in a transaction of their own.</summary>
internal interface INotificationSender
{
    /// <summary>Completes after the commit.</summary>
    Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken);
}
