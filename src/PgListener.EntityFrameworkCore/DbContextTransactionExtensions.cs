using System.Data.Common;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace PgListener;

/// <summary>Publishes as part of a transaction of Entity Framework Core. The notification is sent on commit, or never.</summary>
public static class DbContextTransactionExtensions
{
    /// <summary>Publishes a value as part of the caller's transaction.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="publisher">The publisher.</param>
    /// <param name="value">The value.</param>
    /// <param name="transaction">A transaction of a context that uses Npgsql, neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command, which aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishAsync<TChannel>(this INotificationPublisher publisher, TChannel value, IDbContextTransaction transaction, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => publisher.PublishAsync(value, Underlying(transaction), cancellationToken);

    /// <summary>Publishes values in one statement and in their order, as part of the caller's transaction.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="publisher">The publisher.</param>
    /// <param name="values">The values. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="transaction">A transaction of a context that uses Npgsql, neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command, which aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishManyAsync<TChannel>(this INotificationPublisher publisher, IEnumerable<TChannel> values, IDbContextTransaction transaction, CancellationToken cancellationToken = default)
        where TChannel : INotificationChannel<TChannel>
        => publisher.PublishManyAsync(values, Underlying(transaction), cancellationToken);

    /// <summary>Publishes text unchanged, as part of the caller's transaction.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payload">The payload: at most 7,999 bytes in UTF-8, any characters but NUL; may be empty.</param>
    /// <param name="transaction">A transaction of a context that uses Npgsql, neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command, which aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishAsync(this INotificationPublisher publisher, string channel, string payload, IDbContextTransaction transaction, CancellationToken cancellationToken = default)
        => publisher.PublishAsync(channel, payload, Underlying(transaction), cancellationToken);

    /// <summary>Publishes texts unchanged, in one statement and in their order, as part of the caller's transaction.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="channel">The channel: 1 to 63 bytes in UTF-8, upper and lower case distinct, any characters but NUL.</param>
    /// <param name="payloads">The payloads, each at most 7,999 bytes in UTF-8. If there are none, or one of them is not valid, nothing is sent.</param>
    /// <param name="transaction">A transaction of a context that uses Npgsql, neither committed nor rolled back yet.</param>
    /// <param name="cancellationToken">Cancels the command, which aborts the caller's transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="INotificationPublisher.PublishAsync" path="/exception"/>
    public static Task PublishManyAsync(this INotificationPublisher publisher, string channel, IEnumerable<string> payloads, IDbContextTransaction transaction, CancellationToken cancellationToken = default)
        => publisher.PublishManyAsync(channel, payloads, Underlying(transaction), cancellationToken);

    /// <summary>Moves the subscription's position past a message of a durable channel as part of a transaction of the handler's.</summary>
    /// <param name="message">The message.</param>
    /// <param name="transaction">A transaction of a context that uses Npgsql, neither committed nor rolled back yet. Commit it before the handler returns.</param>
    /// <param name="cancellationToken">Cancels the command, which aborts the transaction.</param>
    /// <returns>A task that completes when the server has confirmed the statement.</returns>
    /// <inheritdoc cref="DurableMessage.EnlistAsync(DbTransaction, CancellationToken)" path="/remarks"/>
    /// <inheritdoc cref="DurableMessage.EnlistAsync(DbTransaction, CancellationToken)" path="/exception"/>
    public static Task EnlistAsync(this DurableMessage message, IDbContextTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.EnlistAsync(Underlying(transaction), cancellationToken);
    }

    private static DbTransaction Underlying(IDbContextTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return (transaction as IInfrastructure<DbTransaction>)?.Instance
            ?? throw new ArgumentException($"{transaction.GetType()} is not a transaction of a relational database. Use a context with the provider Npgsql.EntityFrameworkCore.PostgreSQL.", nameof(transaction));
    }
}
