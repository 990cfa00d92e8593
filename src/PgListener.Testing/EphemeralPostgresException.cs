using System.ComponentModel;

namespace PgListener.Testing;

/// <summary>The throw-away server could not be found, started, stopped or reached. The message holds the beginning and the end of the server's log.</summary>
public sealed class EphemeralPostgresException : Exception
{
    /// <summary>What programs print when something may not be read or entered.</summary>
    internal const string PermissionDeniedText = "Permission denied";

    private const int PermissionDenied = 13;

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

    /// <summary>Gets the exit code of the program that failed, if one did.</summary>
    internal int? ExitCode { get; init; }

    /// <summary>Gets the server's log, where the cause may stand.</summary>
    internal string Log { get; init; } = "";

    /// <summary>Gets a value indicating whether something may not be read or entered, by this user or by the one the server runs as.</summary>
    internal bool IsPermissionDenied =>
        InnerException is Win32Exception { NativeErrorCode: PermissionDenied } or UnauthorizedAccessException
        || Message.Contains(PermissionDeniedText, StringComparison.Ordinal)
        || Log.Contains(PermissionDeniedText, StringComparison.Ordinal);
}
