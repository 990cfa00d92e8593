namespace PgListener;

/// <summary>The exception that is thrown to a caller that waits for a listener when the listener is stopped.</summary>
public sealed class ListenerClosedException : ListenerException
{
    /// <summary>Creates the exception with a general message.</summary>
    public ListenerClosedException() : base("The listener was stopped before the server had answered.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What went wrong and what to do.</param>
    public ListenerClosedException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What went wrong and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ListenerClosedException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
