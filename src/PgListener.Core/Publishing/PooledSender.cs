using System.Transactions;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Publishing;

/// <summary>Sends on connections of a data source, each statement a transaction, or a part of the ambient one.</summary>
internal sealed class PooledSender(NpgsqlDataSource dataSource, ILogger logger) : INotificationSender
{
    private const string IdleSessionTimeout = "57P05";

    public NpgsqlDataSource DataSource => dataSource;

    public async Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        // Asked now, since it need not flow with the call.
        var ambient = Transaction.Current;
        ConnectionRules.ThrowIfDistributed(ambient);
        try
        {
            await SendOnceAsync(notifications, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.AdminShutdown or IdleSessionTimeout && ambient is null)
        {
            // The pool's connection had been ended by the server, which says so itself: nothing was committed on it.
            logger.PublishedAgain(e, notifications.Count);
            await SendOnceAsync(notifications, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SendOnceAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await ConnectionRules.ThrowIfStandbyAsync(connection, cancellationToken).ConfigureAwait(false);
            await NotifyCommand.ExecuteAsync(connection, notifications, cancellationToken).ConfigureAwait(false);
        }
    }
}
