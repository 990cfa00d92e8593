using System.Data.Common;

namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>The values of one channel, which are sent in one statement.</summary>
internal abstract class ChannelBatch
{
    /// <summary>Sends them in a transaction.</summary>
    public abstract Task SendAsync(INotificationPublisher publisher, DbTransaction transaction, CancellationToken cancellationToken);

    /// <summary>Sends them on a connection, which takes part in an ambient transaction.</summary>
    public abstract Task SendAsync(INotificationPublisher publisher, DbConnection connection, CancellationToken cancellationToken);
}
