namespace PgListener.Testing;

/// <summary>The throw-away server could not be found, started, stopped or reached. The message holds the end of the server's log.</summary>
public sealed class EphemeralPostgresException : Exception
{
    /// <summary>Initializes a new instance of the <see cref="EphemeralPostgresException"/> class.</summary>
    public EphemeralPostgresException()
    {
    }

    /// <summary>Initializes a new instance of the <see cref="EphemeralPostgresException"/> class.</summary>
    /// <param name="message">What went wrong.</param>
    public EphemeralPostgresException(string message)
        : base(message)
    {
    }

    /// <summary>Initializes a new instance of the <see cref="EphemeralPostgresException"/> class.</summary>
    /// <param name="message">What went wrong.</param>
    /// <param name="innerException">What caused it.</param>
    public EphemeralPostgresException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Gets a value indicating whether another program took the port first: another port may work.</summary>
    internal bool PortTaken { get; init; }
}
