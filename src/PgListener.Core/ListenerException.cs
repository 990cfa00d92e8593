namespace PgListener;

/// <summary>The base class of the exceptions that a <see cref="Listener"/> throws about its own life cycle.</summary>
/// <remarks>
/// A wrong argument is an <see cref="ArgumentException"/>, and an error of the server is a
/// <see cref="Npgsql.PostgresException"/>. Neither derives from this type.
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
