using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Publishing;

/// <summary>Sends publishes that share transactions, and completes each of them with its result.</summary>
internal sealed class BatchSender(INotificationSender sender, ILogger logger)
{
    private const string DataErrors = "22";

    /// <summary>Sends them. Returns without an exception when each of them has its result.</summary>
    /// <param name="transactions">The publishes of each transaction; at least one.</param>
    /// <param name="cancellationToken">Cancels the sending.</param>
    public async Task SendAsync(List<List<PendingPublish>> transactions, CancellationToken cancellationToken)
    {
        IReadOnlyList<Exception?> outcomes;
        try
        {
            outcomes = transactions is [var only]
                ? await SendOneAsync(only, cancellationToken).ConfigureAwait(false)
                : await sender.SendEachAsync(transactions.ConvertAll(NotificationsOf), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // All callers that wait for these transactions get the error.
            transactions.ForEach(transaction => transaction.ForEach(pending => pending.Fail(e)));
            return;
        }

        for (var i = 0; i < outcomes.Count; i++)
            await AnswerAsync(transactions[i], outcomes[i], cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<Exception?>> SendOneAsync(List<PendingPublish> transaction, CancellationToken cancellationToken)
    {
        try
        {
            await sender.SendAsync(NotificationsOf(transaction), cancellationToken).ConfigureAwait(false);
            return [null];
        }
        catch (PostgresException e)
        {
            return [e];
        }
    }

    private async Task AnswerAsync(List<PendingPublish> transaction, Exception? error, CancellationToken cancellationToken)
    {
        if (error is null)
        {
            transaction.ForEach(static pending => pending.Succeed());
        }
        else if (transaction.Count > 1 && IsDataError(error))
        {
            logger.SentOneByOne(error, transaction.Count);
            await SendOneByOneAsync(transaction, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            transaction.ForEach(pending => pending.Fail(error));
        }
    }

    private async Task SendOneByOneAsync(List<PendingPublish> transaction, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        foreach (var pending in transaction)
        {
            if (failure is not null)
            {
                pending.Fail(failure);
                continue;
            }

            try
            {
                await sender.SendAsync(pending.Notifications, cancellationToken).ConfigureAwait(false);
                pending.Succeed();
            }
            catch (Exception e)
            {
                pending.Fail(e);
                // For example, the server is gone: the others need not wait until each of them fails in turn.
                failure = IsDataError(e) ? null : e;
            }
        }
    }

    private static IReadOnlyList<Outgoing> NotificationsOf(List<PendingPublish> transaction)
    {
        if (transaction is [var only])
            return only.Notifications;

        var notifications = new List<Outgoing>(transaction.Count);
        foreach (var pending in transaction)
            notifications.AddRange(pending.Notifications);
        return notifications;
    }

    private static bool IsDataError(Exception error) => error is PostgresException refusal && refusal.SqlState.StartsWith(DataErrors, StringComparison.Ordinal);
}
