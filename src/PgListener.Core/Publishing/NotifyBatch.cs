using System.Data;
using Npgsql;

namespace PgListener.Publishing;

/// <summary>Sends several transactions, one after the other, without waiting for each answer.</summary>
internal static class NotifyBatch
{
    /// <summary>Returns when the server has answered all of them.</summary>
    /// <param name="connection">A connection without a transaction.</param>
    /// <param name="transactions">The notifications of each; at least one.</param>
    /// <param name="cancellationToken">Cancels those that are not committed yet.</param>
    /// <returns>For each transaction, why the server refused it; <see langword="null"/> if it is committed.</returns>
    public static async Task<PostgresException?[]> ExecuteAsync(NpgsqlConnection connection, IReadOnlyList<IReadOnlyList<Outgoing>> transactions, CancellationToken cancellationToken)
    {
        // The barrier makes each command a transaction of its own.
        var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true };
        await using (batch.ConfigureAwait(false))
        {
            var isUtf8 = NotifyCommand.IsUtf8(connection);
            var arrays = new NotifyArrays[transactions.Count];
            for (var i = 0; i < arrays.Length; i++)
            {
                var command = new NpgsqlBatchCommand();
                command.CommandText = NotifyCommand.Fill(command.Parameters, transactions[i], isUtf8, out arrays[i]);
                batch.BatchCommands.Add(command);
            }

            try
            {
                await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (NpgsqlException e) when (connection.FullState == ConnectionState.Open && Assign(e, batch) is { } refusals)
            {
                return refusals;
            }
            catch (PostgresException e) when (!Array.TrueForAll(ExecutedOf(batch), static executed => !executed))
            {
                throw new NpgsqlException($"The server ended the session or refused a commit ({e.SqlState}) among {transactions.Count} transactions. It is unknown which of them were committed.", e);
            }

            Array.ForEach(arrays, static written => written.GiveBack());
            return new PostgresException?[arrays.Length];
        }
    }

    /// <summary>Assigns the refusals to their transactions. The server continues after each of them, and they come in the order of the transactions.</summary>
    /// <returns><see langword="null"/> if they cannot be assigned, for example when a commit was refused after its statement was executed.</returns>
    private static PostgresException?[]? Assign(NpgsqlException error, NpgsqlBatch batch)
    {
        var refusals = new Queue<PostgresException>(error switch
        {
            PostgresException single => [single],
            { InnerException: AggregateException several } => several.InnerExceptions.OfType<PostgresException>(),
            _ => [],
        });
        var executed = ExecutedOf(batch);
        return refusals.Count == executed.Count(static done => !done) && refusals.Count > 0
            ? Array.ConvertAll(executed, done => done ? null : refusals.Dequeue())
            : null;
    }

    /// <summary>For each command, whether it has returned its row.</summary>
    private static bool[] ExecutedOf(NpgsqlBatch batch)
    {
        var executed = new bool[batch.BatchCommands.Count];
        for (var i = 0; i < executed.Length; i++)
            executed[i] = batch.BatchCommands[i].Rows > 0;
        return executed;
    }
}
