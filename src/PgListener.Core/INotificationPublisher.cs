using Npgsql;

namespace PgListener;

/// <summary>Publishes notifications: on connections of its own, or as part of the caller's transaction. Inject it; of a named listener as a keyed service with its name as the key.</summary>
/// <remarks>
/// <para>All members may be used from several threads at a time, but a connection of the caller's only by one at a time, as ever.</para>
/// <para>A notification is sent when its transaction is committed, to those who listen at that moment; it is gone when the transaction is rolled back.</para>
/// <para>Identical notifications of one transaction are merged into one by PostgreSQL, unless <see cref="NotificationPublisherOptions.AllowDuplicates"/> makes them distinct, or <see cref="NotificationPublisherOptions.PropagateTraceContext"/> those of separate publishes.</para>
/// <para>What PostgreSQL would refuse is refused before anything is sent to it: a transaction of the caller's can then go on.</para>
/// </remarks>
public interface INotificationPublisher
{
    /// <summary>Publishes a value in a transaction of its own; in an ambient transaction (<c>TransactionScope</c>), as part of that.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has been given by then may be sent all the same.</param>
    /// <returns>A task that completes after the commit; in an ambient transaction, when the server has been told.</returns>
    /// <remarks>
    /// In an ambient transaction the connection must remain the only one that takes part, since PostgreSQL cannot commit in two
    /// phases after a notification. Where the application has an open connection in it, publish on that one.
    /// </remarks>
    /// <exception cref="ArgumentException">The channel's name is not valid; or the payload is longer than 7,999 bytes in UTF-8, has the character NUL or half of a surrogate pair.</exception>
    /// <exception cref="InvalidOperationException">The ambient transaction is a distributed one; the server is a standby; identical notifications were to be kept apart and cannot be; or too many publishes wait already.</exception>
    /// <exception cref="NotSupportedException">The channel does not say how its payload is written.</exception>
    /// <exception cref="ObjectDisposedException">The publisher was disposed of before this, or before the commit of this was heard of; if it was being sent by then, nobody knows whether it was committed.</exception>
    /// <exception cref="NpgsqlException">The server refused, or cannot be reached. If the connection broke, nobody knows whether it was sent.</exception>
    Task PublishAsync<TChannel>(TChannel value, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;

    /// <summary>Publishes a value on the caller's connection: as part of its transaction, or at once if there is none.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="value">The value.</param>
    /// <param name="connection">An open connection.</param>
    /// <param name="cancellationToken">Cancels the command, which as with any other command aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has been told.</returns>
    /// <exception cref="ArgumentException">The channel's name is not valid; or the payload is longer than 7,999 bytes in UTF-8, has the character NUL or half of a surrogate pair.</exception>
    /// <exception cref="InvalidOperationException">The connection is closed, broken, in use, or to a standby; its transaction is over; the ambient transaction is a distributed one; or identical notifications were to be kept apart and cannot be.</exception>
    /// <exception cref="NotSupportedException">The channel does not say how its payload is written.</exception>
    /// <exception cref="ObjectDisposedException">The publisher was disposed of.</exception>
    /// <exception cref="NpgsqlException">The server refused, or the connection broke.</exception>
    Task PublishAsync<TChannel>(TChannel value, NpgsqlConnection connection, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;

    /// <summary>Publishes a value as part of the caller's transaction.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="value">The value.</param>
    /// <param name="transaction">A transaction that is neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command, which as with any other command aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, NpgsqlConnection, CancellationToken)" path="/exception"/>
    Task PublishAsync<TChannel>(TChannel value, NpgsqlTransaction transaction, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;

    /// <summary>Publishes values in one statement and in their order, in a transaction of its own; in an ambient transaction (<c>TransactionScope</c>), as part of that.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="values">The values. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has been given by then may be sent all the same.</param>
    /// <returns>A task that completes after the commit; in an ambient transaction, when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, CancellationToken)" path="/remarks"/>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, CancellationToken)" path="/exception"/>
    Task PublishManyAsync<TChannel>(IEnumerable<TChannel> values, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;

    /// <summary>Publishes values in one statement and in their order, on the caller's connection: as part of its transaction, or at once if there is none.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="values">The values. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="connection">An open connection.</param>
    /// <param name="cancellationToken">Cancels the command, which as with any other command aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, NpgsqlConnection, CancellationToken)" path="/exception"/>
    Task PublishManyAsync<TChannel>(IEnumerable<TChannel> values, NpgsqlConnection connection, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;

    /// <summary>Publishes values in one statement and in their order, as part of the caller's transaction.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="values">The values. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="transaction">A transaction that is neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command, which as with any other command aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, NpgsqlConnection, CancellationToken)" path="/exception"/>
    Task PublishManyAsync<TChannel>(IEnumerable<TChannel> values, NpgsqlTransaction transaction, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>;

    /// <summary>Publishes a payload as it is, in a transaction of its own; in an ambient transaction (<c>TransactionScope</c>), as part of that.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payload">The payload: at most 7,999 bytes in UTF-8, any characters but NUL; may be empty.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has been given by then may be sent all the same.</param>
    /// <returns>A task that completes after the commit; in an ambient transaction, when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, CancellationToken)" path="/remarks"/>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, CancellationToken)" path="/exception"/>
    Task PublishAsync(string channel, string payload, CancellationToken cancellationToken = default);

    /// <summary>Publishes a payload as it is, on the caller's connection: as part of its transaction, or at once if there is none.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payload">The payload: at most 7,999 bytes in UTF-8, any characters but NUL; may be empty.</param>
    /// <param name="connection">An open connection.</param>
    /// <param name="cancellationToken">Cancels the command, which as with any other command aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, NpgsqlConnection, CancellationToken)" path="/exception"/>
    Task PublishAsync(string channel, string payload, NpgsqlConnection connection, CancellationToken cancellationToken = default);

    /// <summary>Publishes a payload as it is, as part of the caller's transaction.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payload">The payload: at most 7,999 bytes in UTF-8, any characters but NUL; may be empty.</param>
    /// <param name="transaction">A transaction that is neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command, which as with any other command aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, NpgsqlConnection, CancellationToken)" path="/exception"/>
    Task PublishAsync(string channel, string payload, NpgsqlTransaction transaction, CancellationToken cancellationToken = default);

    /// <summary>Publishes payloads as they are in one statement and in their order, in a transaction of its own; in an ambient transaction (<c>TransactionScope</c>), as part of that.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payloads">The payloads, each as for a single one. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="cancellationToken">Ends the wait. What the server has been given by then may be sent all the same.</param>
    /// <returns>A task that completes after the commit; in an ambient transaction, when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, CancellationToken)" path="/remarks"/>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, CancellationToken)" path="/exception"/>
    Task PublishManyAsync(string channel, IEnumerable<string> payloads, CancellationToken cancellationToken = default);

    /// <summary>Publishes payloads as they are in one statement and in their order, on the caller's connection: as part of its transaction, or at once if there is none.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payloads">The payloads, each as for a single one. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="connection">An open connection.</param>
    /// <param name="cancellationToken">Cancels the command, which as with any other command aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, NpgsqlConnection, CancellationToken)" path="/exception"/>
    Task PublishManyAsync(string channel, IEnumerable<string> payloads, NpgsqlConnection connection, CancellationToken cancellationToken = default);

    /// <summary>Publishes payloads as they are in one statement and in their order, as part of the caller's transaction.</summary>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payloads">The payloads, each as for a single one. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="transaction">A transaction that is neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command, which as with any other command aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has been told.</returns>
    /// <inheritdoc cref="PublishAsync{TChannel}(TChannel, NpgsqlConnection, CancellationToken)" path="/exception"/>
    Task PublishManyAsync(string channel, IEnumerable<string> payloads, NpgsqlTransaction transaction, CancellationToken cancellationToken = default);
}
