namespace PgListener.Session;

/// <summary>A question for the server, to be asked on the listening connection.</summary>
internal sealed class SessionQuery(string sql)
{
    public TaskCompletionSource<IReadOnlyList<string>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task RunAsync(SessionConnection connection, CancellationToken stopping)
    {
        try
        {
            Answer.TrySetResult(await connection.QueryAsync(sql, parameter: null, stopping).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Answer.TrySetException(new ListenerClosedException());
            throw;
        }
        catch (Exception e)
        {
            Answer.TrySetException(e);
            throw;
        }
    }
}
