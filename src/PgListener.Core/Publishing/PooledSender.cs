using System.Transactions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace PgListener.Publishing;

/// <summary>Sends on connections of a data source. Each statement is a transaction, or part of the ambient one.</summary>
/// <param name="dataSource">Where the connections come from.</param>
/// <param name="isOwn">Whether it is disposed of with the publisher.</param>
/// <param name="logger">Logs what was sent again.</param>
internal sealed class PooledSender(NpgsqlDataSource dataSource, bool isOwn, ILogger logger) : IPublisherLink
{
    private readonly PublisherConnections _connections = new(dataSource, isOwn, logger);

    /// <inheritdoc/>
    public ICallerConnection? CallerOf(PublishRequest request) => ConnectionRules.ConnectionOf(request) is { } connection ? new CallerConnection(connection) : null;

    /// <inheritdoc/>
    public Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        ConnectionRules.ThrowIfDistributed(Transaction.Current);
        return _connections.SendAsync((connection, token) => NotifyCommand.ExecuteAsync(connection, notifications, token), notifications.Count, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Exception?>> SendEachAsync(IReadOnlyList<IReadOnlyList<Outgoing>> transactions, CancellationToken cancellationToken)
        => await _connections.SendAsync(
            (connection, token) => NotifyBatch.ExecuteAsync(connection, transactions, token),
            transactions.Sum(static transaction => transaction.Count),
            cancellationToken).ConfigureAwait(false);

    /// <summary>Only for a sender that was never used.</summary>
    public void Dispose() => _connections.Dispose();

    public ValueTask DisposeAsync() => _connections.DisposeAsync();
}
