using Npgsql;

namespace PgListener.Durable.Chaos.Readers;

/// <summary>Writes what handlers have done.</summary>
internal sealed class EffectTable(NpgsqlDataSource dataSource, string process)
{
    private const string Insert = "insert into effect (subscription, number, account, sequence, process) values ($1, $2, $3, $4, $5)";

    /// <summary>The database.</summary>
    public NpgsqlDataSource DataSource => dataSource;

    /// <summary>Writes an effect in a transaction of its own.</summary>
    public async Task WriteAsync(string subscription, Deposit deposit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await WriteAsync(connection, subscription, deposit, cancellationToken);
    }

    /// <summary>Writes an effect on a connection, in its transaction if it has one.</summary>
    public async Task WriteAsync(NpgsqlConnection connection, string subscription, Deposit deposit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Insert, connection)
        {
            Parameters =
            {
                new() { Value = subscription },
                new() { Value = deposit.Number },
                new() { Value = (object?)deposit.Account ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
                new() { Value = deposit.Sequence },
                new() { Value = process },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
