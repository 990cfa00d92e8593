using System.Data.Common;
using System.Transactions;
using Npgsql;

namespace PgListener.Publishing;

/// <summary>The caller's own connection, which is Npgsql's or wraps it.</summary>
internal sealed class CallerConnection(DbConnection connection) : ICallerConnection
{
    public string? Server => connection is NpgsqlConnection npgsql ? $"{npgsql.Host}:{npgsql.Port}" : null;

    public ValueTask CheckAsync(CancellationToken cancellationToken)
    {
        ConnectionRules.ThrowIfNotOpen(connection);
        ConnectionRules.ThrowIfDistributed(Transaction.Current);
        return ConnectionRules.ThrowIfStandbyAsync(connection, cancellationToken);
    }

    public Task SendAsync(IReadOnlyList<Outgoing> notifications, CancellationToken cancellationToken)
        => NotifyCommand.ExecuteAsync(connection, notifications, cancellationToken);
}
