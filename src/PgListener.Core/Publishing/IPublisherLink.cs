namespace PgListener.Publishing;

/// <summary>Connects a publisher to a server: on connections of its own, or on the caller's.</summary>
internal interface IPublisherLink : INotificationSender, IAsyncDisposable, IDisposable
{
    /// <summary>Finds out where the caller wants to publish.</summary>
    /// <returns><see langword="null"/> if the publisher has to open a connection.</returns>
    /// <exception cref="ArgumentException">The connection is to another database.</exception>
    /// <exception cref="InvalidOperationException">The transaction is over.</exception>
    ICallerConnection? CallerOf(PublishRequest request);
}
