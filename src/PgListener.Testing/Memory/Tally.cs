namespace PgListener.Testing.Memory;

/// <summary>Counts the calls of one subject.</summary>
internal sealed class Tally
{
    private int _succeededBefore;

    public int Count { get; private set; }

    /// <summary>What the first call that has failed has failed with.</summary>
    public Exception? FirstFailure { get; private set; }

    /// <summary>A call has ended.</summary>
    public void Add(Exception? exception)
    {
        Count++;
        if (FirstFailure is not null)
            return;

        FirstFailure = exception;
        if (exception is null)
            _succeededBefore++;
    }

    /// <summary>What one of the first calls has failed with.</summary>
    public Exception? FailureAmong(int calls) => _succeededBefore < calls ? FirstFailure : null;
}
