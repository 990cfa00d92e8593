using System.Transactions;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Telemetry;

namespace PgListener.Publishing;

/// <summary>Sends on connections of a data source. Each statement is a transaction, or part of the ambient one.</summary>
/// <param name="dataSource">Where the connections come from.</param>
/// <param name="isOwn">Whether it is disposed of with the publisher.</param>
/// <param name="logger">Logs what was sent again.</param>
internal sealed class PooledSender(NpgsqlDataSource dataSource, bool isOwn, ILogger logger) : IPublisherLink
{
    private const string IdleSessionTimeout = "57P05";

    private readonly NpgsqlDataSource _primary = DataSourceFactory.ForPrimary(dataSource);
    private readonly NpgsqlMultiHostDataSource? _hosts = dataSource as NpgsqlMultiHostDataSource;

    /// <inheritdoc/>
    public ICallerConnection? CallerOf(PublishRequest request) => ConnectionRules.ConnectionOf(request) is { } connection ? new CallerConnection(connection) : null;

    /// <inheritdoc/>
    public async Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        // Read now, because the ambient transaction may not flow with the call.
        var ambient = Transaction.Current;
        ConnectionRules.ThrowIfDistributed(ambient);
        try
        {
            await SendOnceAsync(notifications, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (ambient is null && IsEndOfSession(e))
        {
            logger.PublishedAgain(e, notifications.Count);
            await SendOnceAsync(notifications, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Exception?>> SendEachAsync(IReadOnlyList<IReadOnlyList<Outgoing>> transactions, CancellationToken cancellationToken)
    {
        try
        {
            return await SendEachOnceAsync(transactions, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (IsEndOfSession(e))
        {
            logger.PublishedAgain(e, transactions.Sum(static transaction => transaction.Count));
            return await SendEachOnceAsync(transactions, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Only for a sender that was never used.</summary>
    public void Dispose()
    {
        if (isOwn)
            dataSource.Dispose();
    }

    public ValueTask DisposeAsync() => isOwn ? dataSource.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>Whether the server reports that it had ended the pooled session: then nothing was committed on it.</summary>
    private static bool IsEndOfSession(PostgresException error) => error.SqlState is PostgresErrorCodes.AdminShutdown or IdleSessionTimeout;

    private async Task SendOnceAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            await NotifyCommand.ExecuteAsync(connection, notifications, cancellationToken).ConfigureAwait(false);
    }

    private async Task<PostgresException?[]> SendEachOnceAsync(IReadOnlyList<IReadOnlyList<Outgoing>> transactions, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await NotifyBatch.ExecuteAsync(connection, transactions, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await OpenOnceAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (_hosts is not null && e is NpgsqlException or InvalidOperationException)
        {
            // The states of hosts that the data source caches for Host Recheck Seconds may be out of date after a failover.
            _hosts.ClearDatabaseStates();
            return await OpenOnceAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<NpgsqlConnection> OpenOnceAsync(CancellationToken cancellationToken)
    {
        var connection = await _primary.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ConnectionRules.ThrowIfStandbyAsync(connection, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
