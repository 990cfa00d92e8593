namespace PgListener.Testing.Memory;

/// <summary>Counts the calls of one subject.</summary>
internal sealed class Tally
{
    private int _succeededBefore;

    public int Count { get; private set; }

    /// <summary>The exception of the first failed call.</summary>
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

    /// <summary>The exception of a failed call among the first ones.</summary>
    public Exception? FailureAmong(int calls) => _succeededBefore < calls ? FirstFailure : null;
}
