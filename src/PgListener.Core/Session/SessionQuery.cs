using Npgsql;

namespace PgListener.Session;

/// <summary>A question for the server, to be asked on the listening connection.</summary>
internal sealed class SessionQuery(string sql)
{
    public TaskCompletionSource<IReadOnlyList<string>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task RunAsync(NpgsqlConnection connection, int timeLimitSeconds, CancellationToken cancellationToken)
    {
        try
        {
            var command = new NpgsqlCommand(sql, connection) { CommandTimeout = timeLimitSeconds };
            await using (command.ConfigureAwait(false))
            {
                var rows = new List<string>();
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                        rows.Add(reader.GetString(0));
                }

                Answer.TrySetResult(rows);
            }
        }
        catch (Exception e)
        {
            Answer.TrySetException(e);
            throw;
        }
    }
}
