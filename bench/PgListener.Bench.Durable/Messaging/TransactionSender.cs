using Npgsql;

namespace PgListener.Bench;

/// <summary>Publishes each message in a transaction that it begins and commits itself.</summary>
internal sealed class TransactionSender : IMessageSender
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly HostSender<INotificationPublisher> _sender;

    private TransactionSender(NpgsqlDataSource dataSource, HostSender<INotificationPublisher> sender)
    {
        _dataSource = dataSource;
        _sender = sender;
    }

    public static async Task<TransactionSender> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
        => new(NpgsqlDataSource.Create(SenderPool.Of(dataSource)), await PublisherSender.OpenAsync(dataSource, cancellationToken));

    public async Task SendAsync(long id, long sent, CancellationToken cancellationToken)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await _sender.Bus.PublishAsync(BenchMessage.Of(id, sent), transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync();
        await _dataSource.DisposeAsync();
    }
}
