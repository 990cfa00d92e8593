using System.ComponentModel;

namespace PgListener.Testing;

/// <summary>The exception that is thrown when the throw-away server cannot be found, started, stopped or reached. The message contains the beginning and the end of the server's log.</summary>
public sealed class EphemeralPostgresException : Exception
{
    /// <summary>What programs print when access is denied.</summary>
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

    /// <summary>Gets a value indicating whether another program took the port first, so that another port may work.</summary>
    internal bool PortTaken { get; init; }

    /// <summary>Gets the exit code of the program that failed, if one did.</summary>
    internal int? ExitCode { get; init; }

    /// <summary>Gets the server's log, which may contain the cause.</summary>
    internal string Log { get; init; } = "";

    /// <summary>Gets a value indicating whether access was denied to this user, or to the user that the server runs as.</summary>
    internal bool IsPermissionDenied =>
        InnerException is Win32Exception { NativeErrorCode: PermissionDenied } or UnauthorizedAccessException
        || Message.Contains(PermissionDeniedText, StringComparison.Ordinal)
        || Log.Contains(PermissionDeniedText, StringComparison.Ordinal);
}
