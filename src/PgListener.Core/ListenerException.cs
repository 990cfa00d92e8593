namespace PgListener;

/// <summary>The base of the errors a <see cref="Listener"/> raises about its own life cycle.</summary>
/// <remarks>
/// A wrong argument is an <see cref="ArgumentException"/> and a refusal by the server a
/// <see cref="Npgsql.PostgresException"/>, as everywhere in .NET; neither derives from this type.
/// </remarks>
public class ListenerException : Exception
{
    /// <summary>Creates the exception with a general message.</summary>
    public ListenerException() : base("The listener failed.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What went wrong and what to do.</param>
    public ListenerException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What went wrong and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ListenerException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
