using System.Transactions;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Connections;
using PgListener.Telemetry;

namespace PgListener.Publishing;

/// <summary>The connections to the primary that a publisher takes from a data source.</summary>
/// <param name="dataSource">Where they come from.</param>
/// <param name="isOwn">Whether it is disposed of with the publisher.</param>
/// <param name="logger">Logs what was sent again.</param>
internal sealed class PublisherConnections(NpgsqlDataSource dataSource, bool isOwn, ILogger logger) : IAsyncDisposable, IDisposable
{
    private const string IdleSessionTimeout = "57P05";

    private readonly NpgsqlDataSource _primary = DataSourceFactory.ForPrimary(dataSource);
    private readonly NpgsqlMultiHostDataSource? _hosts = dataSource as NpgsqlMultiHostDataSource;

    /// <summary>Sends on a connection that is part of the ambient transaction, if there is one; on another one, if the server had ended the session.</summary>
    /// <param name="send">Sends; called a second time only if nothing was committed.</param>
    /// <param name="count">How many notifications it sends, for the log.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task<T> SendAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> send, int count, CancellationToken cancellationToken)
    {
        // Read now, because the ambient transaction may not flow with the call.
        var isAlone = Transaction.Current is null;
        try
        {
            return await SendOnceAsync(send, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (isAlone && IsEndOfSession(e))
        {
            logger.PublishedAgain(e, count);
            return await SendOnceAsync(send, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Only for connections that were never used.</summary>
    public void Dispose()
    {
        if (isOwn)
            dataSource.Dispose();
    }

    public ValueTask DisposeAsync() => isOwn ? dataSource.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>Whether the server reports that it had ended the pooled session: then nothing was committed on it.</summary>
    private static bool IsEndOfSession(PostgresException error) => error.SqlState is PostgresErrorCodes.AdminShutdown or IdleSessionTimeout;

    private async Task<T> SendOnceAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await send(connection, cancellationToken).ConfigureAwait(false);
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
