using Npgsql;

namespace PgListener;

/// <summary>Publishes notifications, on its own connections or as part of the caller's transaction. Inject it; for a named listener, as a keyed service with the listener's name as the key.</summary>
/// <remarks>
/// <para>Call the extension methods of <see cref="NotificationPublisherExtensions"/>: <c>PublishAsync</c> and <c>PublishManyAsync</c>. They all call the one method of this interface, so a fake implements only that.</para>
/// <para>All members are thread-safe. A connection of the caller's may be used by one thread at a time, as with any other command.</para>
/// <para>A notification is sent when its transaction is committed, to the sessions that listen at that moment. It is discarded when the transaction is rolled back.</para>
/// <para>Identical notifications of one transaction are merged into one by PostgreSQL, unless <see cref="NotificationPublisherOptions.AllowDuplicates"/> makes them distinct, or <see cref="NotificationPublisherOptions.PropagateTraceContext"/> those of separate publishes.</para>
/// <para>A notification that PostgreSQL would refuse is refused before anything is sent, so that the caller's transaction can go on.</para>
/// </remarks>
/// <example>
/// A fake for tests:
/// <code>
/// internal sealed class FakePublisher : INotificationPublisher
/// {
///     public List&lt;object&gt; Published { get; } = [];
///     public Task PublishAsync(PublishRequest request, CancellationToken cancellationToken = default)
///     {
///         Published.AddRange(request.Values);
///         return Task.CompletedTask;
///     }
/// }
/// </code>
/// </example>
public interface INotificationPublisher
{
    /// <summary>Publishes the requested notifications in their order, in one statement: in a transaction of its own, or on the caller's connection or transaction if the request names one.</summary>
    /// <param name="request">What to publish, and where. If it is empty, or one of its values is not valid, nothing is sent.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has received by then may be sent all the same. On the caller's connection it cancels the command, which aborts the transaction.</param>
    /// <returns>A task that completes after the commit; on the caller's connection, in the caller's transaction and in an ambient one (<c>TransactionScope</c>), when the server has confirmed the statement.</returns>
    /// <remarks>
    /// In an ambient transaction the connection must remain the only one that takes part, because PostgreSQL cannot commit in two
    /// phases after a notification. If the application has an open connection in it, publish on that one.
    /// </remarks>
    /// <exception cref="ArgumentException">The channel's name is not valid; the payload is longer than 7,999 bytes in UTF-8, has the character NUL or half of a surrogate pair; a value is <see langword="null"/>; or the connection or transaction is neither Npgsql's nor wraps Npgsql's: the message names its type.</exception>
    /// <exception cref="InvalidOperationException">The connection is closed, broken, in use, or to a standby; the transaction is over; the ambient transaction is a distributed one; identical notifications were to be kept apart and cannot be; or too many publishes are waiting.</exception>
    /// <exception cref="NotSupportedException">The channel does not say how its payload is written.</exception>
    /// <exception cref="ObjectDisposedException">The publisher or its data source was disposed of before this call, or before its commit was confirmed; in the second case it is unknown whether it was committed.</exception>
    /// <exception cref="NpgsqlException">The server refused, or cannot be reached. If the connection broke, it is unknown whether the notification was sent.</exception>
    Task PublishAsync(PublishRequest request, CancellationToken cancellationToken = default);
}
