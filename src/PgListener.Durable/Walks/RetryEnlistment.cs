using System.Data.Common;
using Npgsql;
using PgListener.Durable.Failures;
using PgListener.Durable.Positions;

namespace PgListener.Durable.Walks;

/// <summary>Removes the copy of a message that had failed in the handler's transaction.</summary>
internal sealed class RetryEnlistment(NpgsqlDataSource dataSource, ShardKey shard, Delivery delivery) : IEnlistment
{
    public bool IsUsed { get; private set; }

    public async Task EnlistAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        IsUsed = true;
        if (!await RetryCommands.TryDeleteInAsync(transaction, shard.Subscription, delivery, cancellationToken).ConfigureAwait(false))
            throw new PositionLostException(shard);
    }

    public async Task<bool> EndAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return !await RetryCommands.ExistsAsync(connection, shard.Subscription, delivery, cancellationToken).ConfigureAwait(false);
    }
}
