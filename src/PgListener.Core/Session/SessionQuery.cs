namespace PgListener.Session;

/// <summary>A query to execute on the listening connection.</summary>
internal sealed class SessionQuery(string sql)
{
    public string Sql => sql;

    /// <summary>The texts in the first column.</summary>
    public TaskCompletionSource<IReadOnlyList<string>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
