using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.Telemetry;

namespace PgListener.Publishing;

/// <summary>Sends publishes in one transaction, and tells each of them how it went.</summary>
internal sealed class BatchSender(INotificationSender sender, ILogger logger)
{
    private const string DataErrors = "22";

    /// <summary>Sends them; ends without an exception when each of them knows how it went.</summary>
    public async Task SendAsync(List<PendingPublish> batch, CancellationToken cancellationToken)
    {
        try
        {
            await sender.SendAsync([.. batch.SelectMany(pending => pending.Notifications)], cancellationToken).ConfigureAwait(false);
            batch.ForEach(static pending => pending.Succeed());
        }
        catch (PostgresException e) when (batch.Count > 1 && IsDataError(e))
        {
            logger.SentOneByOne(e, batch.Count);
            await SendOneByOneAsync(batch, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever it was, it is the answer to everyone who waits for this transaction.
            batch.ForEach(pending => pending.Fail(e));
        }
    }

    private async Task SendOneByOneAsync(List<PendingPublish> batch, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        foreach (var pending in batch)
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
                // The server is gone, say: then nobody needs to wait until it fails for each of the others in turn.
                failure = e is PostgresException refusal && IsDataError(refusal) ? null : e;
            }
        }
    }

    private static bool IsDataError(PostgresException error) => error.SqlState.StartsWith(DataErrors, StringComparison.Ordinal);
}
