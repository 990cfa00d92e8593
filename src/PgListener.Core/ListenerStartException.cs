namespace PgListener;

/// <summary>The exception that is thrown when the listener cannot be started, is already started, or is not started yet.</summary>
public sealed class ListenerStartException : ListenerException
{
    /// <summary>Creates the exception with a general message.</summary>
    public ListenerStartException() : base("The listener is not started; call StartAsync first.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What went wrong and what to do.</param>
    public ListenerStartException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What went wrong and what to do.</param>
    /// <param name="innerException">The cause, for example the <see cref="Npgsql.NpgsqlException"/> of the first connection.</param>
    public ListenerStartException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
