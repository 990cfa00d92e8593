using System.Data.Common;
using PgListener.Publishing;

namespace PgListener;

/// <summary>Publishes a value or text, one or many, on a connection of the publisher or on the caller's connection or transaction.</summary>
/// <remarks>The caller's connection or transaction is Npgsql's, or wraps Npgsql's, as profilers do. Any other throws an <see cref="ArgumentException"/> that names its type.</remarks>
public static class NotificationPublisherExtensions
{
    /// <summary>Publishes a value, in a transaction of its own; in an ambient transaction (<c>TransactionScope</c>), as part of that.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="publisher">The publisher.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has received by then may be sent all the same.</param>
    /// <returns>A task that completes after the commit; in an ambient transaction, when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/remarks"/>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishAsync<TChannel>(this INotificationPublisher publisher, TChannel value, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(publisher);
        return publisher.PublishAsync(new ValuesRequest<TChannel>(value, null, null), cancellationToken);
    }

    /// <summary>Publishes a value, on the caller's connection: as part of its transaction, or at once if there is none.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="publisher">The publisher.</param>
    /// <param name="value">The value.</param>
    /// <param name="connection">An open connection of Npgsql's, or one that wraps it.</param>
    /// <param name="cancellationToken">Cancels the command. As with any other command, this aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishAsync<TChannel>(this INotificationPublisher publisher, TChannel value, DbConnection connection, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(connection);
        return publisher.PublishAsync(new ValuesRequest<TChannel>(value, connection, null), cancellationToken);
    }

    /// <summary>Publishes a value, as part of the caller's transaction.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="publisher">The publisher.</param>
    /// <param name="value">The value.</param>
    /// <param name="transaction">A transaction of Npgsql's, or one that wraps it, neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command. As with any other command, this aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishAsync<TChannel>(this INotificationPublisher publisher, TChannel value, DbTransaction transaction, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(transaction);
        return publisher.PublishAsync(new ValuesRequest<TChannel>(value, null, transaction), cancellationToken);
    }

    /// <summary>Publishes values in one statement and in their order, in a transaction of its own; in an ambient transaction (<c>TransactionScope</c>), as part of that.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="publisher">The publisher.</param>
    /// <param name="values">The values. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has received by then may be sent all the same.</param>
    /// <returns>A task that completes after the commit; in an ambient transaction, when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/remarks"/>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishManyAsync<TChannel>(this INotificationPublisher publisher, IEnumerable<TChannel> values, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(publisher);
        return publisher.PublishAsync(new ValuesRequest<TChannel>(values, null, null), cancellationToken);
    }

    /// <summary>Publishes values in one statement and in their order, on the caller's connection: as part of its transaction, or at once if there is none.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="publisher">The publisher.</param>
    /// <param name="values">The values. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="connection">An open connection of Npgsql's, or one that wraps it.</param>
    /// <param name="cancellationToken">Cancels the command. As with any other command, this aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishManyAsync<TChannel>(this INotificationPublisher publisher, IEnumerable<TChannel> values, DbConnection connection, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(connection);
        return publisher.PublishAsync(new ValuesRequest<TChannel>(values, connection, null), cancellationToken);
    }

    /// <summary>Publishes values in one statement and in their order, as part of the caller's transaction.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="publisher">The publisher.</param>
    /// <param name="values">The values. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="transaction">A transaction of Npgsql's, or one that wraps it, neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command. As with any other command, this aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishManyAsync<TChannel>(this INotificationPublisher publisher, IEnumerable<TChannel> values, DbTransaction transaction, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(transaction);
        return publisher.PublishAsync(new ValuesRequest<TChannel>(values, null, transaction), cancellationToken);
    }

    /// <summary>Publishes text unchanged, in a transaction of its own; in an ambient transaction (<c>TransactionScope</c>), as part of that.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payload">The payload: at most 7,999 bytes in UTF-8, any characters but NUL; may be empty.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has received by then may be sent all the same.</param>
    /// <returns>A task that completes after the commit; in an ambient transaction, when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/remarks"/>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishAsync(this INotificationPublisher publisher, string channel, string payload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        return publisher.PublishAsync(new TextRequest(channel, payload, null, null), cancellationToken);
    }

    /// <summary>Publishes text unchanged, on the caller's connection: as part of its transaction, or at once if there is none.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payload">The payload: at most 7,999 bytes in UTF-8, any characters but NUL; may be empty.</param>
    /// <param name="connection">An open connection of Npgsql's, or one that wraps it.</param>
    /// <param name="cancellationToken">Cancels the command. As with any other command, this aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishAsync(this INotificationPublisher publisher, string channel, string payload, DbConnection connection, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(connection);
        return publisher.PublishAsync(new TextRequest(channel, payload, connection, null), cancellationToken);
    }

    /// <summary>Publishes text unchanged, as part of the caller's transaction.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payload">The payload: at most 7,999 bytes in UTF-8, any characters but NUL; may be empty.</param>
    /// <param name="transaction">A transaction of Npgsql's, or one that wraps it, neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command. As with any other command, this aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishAsync(this INotificationPublisher publisher, string channel, string payload, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(transaction);
        return publisher.PublishAsync(new TextRequest(channel, payload, null, transaction), cancellationToken);
    }

    /// <summary>Publishes texts unchanged, in one statement and in their order, in a transaction of its own; in an ambient transaction (<c>TransactionScope</c>), as part of that.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payloads">The payloads, each at most 7,999 bytes in UTF-8. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has received by then may be sent all the same.</param>
    /// <returns>A task that completes after the commit; in an ambient transaction, when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/remarks"/>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishManyAsync(this INotificationPublisher publisher, string channel, IEnumerable<string> payloads, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        return publisher.PublishAsync(new TextRequest(channel, payloads, null, null), cancellationToken);
    }

    /// <summary>Publishes texts unchanged, in one statement and in their order, on the caller's connection: as part of its transaction, or at once if there is none.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payloads">The payloads, each at most 7,999 bytes in UTF-8. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="connection">An open connection of Npgsql's, or one that wraps it.</param>
    /// <param name="cancellationToken">Cancels the command. As with any other command, this aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishManyAsync(this INotificationPublisher publisher, string channel, IEnumerable<string> payloads, DbConnection connection, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(connection);
        return publisher.PublishAsync(new TextRequest(channel, payloads, connection, null), cancellationToken);
    }

    /// <summary>Publishes texts unchanged, in one statement and in their order, as part of the caller's transaction.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payloads">The payloads, each at most 7,999 bytes in UTF-8. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="transaction">A transaction of Npgsql's, or one that wraps it, neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command. As with any other command, this aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishManyAsync(this INotificationPublisher publisher, string channel, IEnumerable<string> payloads, DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publisher);
        ArgumentNullException.ThrowIfNull(transaction);
        return publisher.PublishAsync(new TextRequest(channel, payloads, null, transaction), cancellationToken);
    }
}
