using System.Data.Common;

namespace PgListener.EntityFrameworkCore.Publishing;

/// <inheritdoc/>
internal sealed class ChannelBatch<TChannel> : ChannelBatch
    where TChannel : INotificationChannel<TChannel>
{
    public List<TChannel> Values { get; } = [];

    public override Task SendAsync(INotificationPublisher publisher, DbTransaction transaction, CancellationToken cancellationToken)
        => publisher.PublishManyAsync(Values, transaction, cancellationToken);

    public override Task SendAsync(INotificationPublisher publisher, DbConnection connection, CancellationToken cancellationToken)
        => publisher.PublishManyAsync(Values, connection, cancellationToken);
}
