using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace PgListener.Connections;

/// <summary>Explains a failure and what to do about it, in one line.</summary>
internal static class Diagnosis
{
    /// <summary>Finds the session that probably keeps the server from emptying its notification queue: one whose client does not read, else the one with the oldest transaction.</summary>
    public const string QueueHolderQuery =
        """
        SELECT pg_catalog.format('process %s of user %s (%s, %s since %s)', pid, usename,
            CASE WHEN pg_catalog.length(application_name) OPERATOR(pg_catalog.>) 0 THEN application_name ELSE 'no application name' END,
            CASE WHEN wait_event OPERATOR(pg_catalog.=) 'ClientWrite' THEN 'its client not reading' ELSE 'in a transaction' END,
            pg_catalog.date_trunc('second', coalesce(xact_start, state_change)))
        FROM pg_catalog.pg_stat_activity
        WHERE pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() AND backend_type OPERATOR(pg_catalog.=) 'client backend'
            AND (wait_event OPERATOR(pg_catalog.=) 'ClientWrite' OR xact_start IS NOT NULL)
        ORDER BY (wait_event OPERATOR(pg_catalog.=) 'ClientWrite') DESC NULLS LAST, xact_start
        LIMIT 1
        """;

    /// <summary>Explains a queue that fills.</summary>
    public static string OfQueue(double usage, IReadOnlyList<string> holders)
        => string.Create(
            CultureInfo.InvariantCulture,
            $"The server's notification queue is {usage:P0} full. When it is full, every commit that notifies fails. It is emptied once all listening sessions have read it. Most likely it is kept from being emptied by {(holders.Count > 0 ? OneLine(holders[0]) : "a session that this user has no right to see")}; end that session or its transaction.");

    /// <summary>The kind of a failure. A repetition of the same kind is not logged again.</summary>
    public static string KindOf(Exception error) => Find<PostgresException>(error)?.SqlState ?? error.GetType().Name;

    /// <summary>Whether a payload or a channel's name that is not UTF-8 has arrived.</summary>
    public static bool IsUndecodable(Exception error)
        => Find<DecoderFallbackException>(error) is not null
            || Find<PostgresException>(error) is { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter };

    /// <summary>Whether a time limit has run out, which may be this process's own fault.</summary>
    public static bool IsTimeout(Exception error) => Find<TimeoutException>(error) is not null;

    /// <summary>Whether a failure came from the network or from the silence of the server, and not from this process.</summary>
    public static bool IsOfNetwork(Exception error)
        => !IsOfPool(error) && (Find<SocketException>(error) is not null || Find<IOException>(error) is not null || IsTimeout(error) || Find<OperationCanceledException>(error) is not null);

    /// <summary>Explains a time limit that ran out while this process's own thread pool was late.</summary>
    public static string OfStarvedPool(Exception error, TimeSpan late)
        => string.Create(
            CultureInfo.InvariantCulture,
            $"A time limit ran out, but the thread pool of this process is starved: it was late by {late.TotalSeconds:0.0} s. The connection may be healthy; find what blocks the pool's threads. ({OneLine(error.Message)})");

    /// <summary>Explains a failure, without the secrets and line breaks that a message might contain.</summary>
    public static string Of(Exception error)
    {
        if (error is ListenerException)
            return error.Message;
        if (IsUndecodable(error))
        {
            return $"{(Find<PostgresException>(error) is { } refusal ? $"{refusal.SqlState}: {OneLine(refusal.MessageText)}. " : "")}" +
                "A notification or a channel's name cannot be turned into UTF-8, which makes this connection unusable. Most likely the database's encoding is SQL_ASCII: " +
                "send UTF-8 only, or move to a database in UTF8.";
        }

        if (SeveralIn(error) is { } several)
            return several;

        // The server's error comes first, then errors of the network and the system, wherever they are nested.
        if (Find<PostgresException>(error) is { } server)
            return $"{server.SqlState}: {OneLine(server.MessageText)}. {ServerAdvice.For(server)}".TrimEnd();
        if (Find<AuthenticationException>(error) is { } authentication)
            return $"{(IsTls(error) ? "TLS" : "Authentication")} failed. {OneLine(authentication.Message)}. {(IsTls(error) ? TlsAdvice : "Check how the server authenticates this user, and the user's tickets or certificates.")}";
        if (IsOfPool(error))
            return $"{OneLine(error.Message)}. The listener needs one connection of this pool, and now and then a second one.";
        if (error is TimeoutException)
            return $"{OneLine(error.Message)}. {Silent}";
        if (IsTimeout(error))
            return $"The server did not answer in time. {Silent}";
        if (Find<SocketException>(error) is { } network)
            return $"Network error: {OneLine(network.Message)}. {AdviceFor(network)}{PlaceOf(error)}";
        if (error.Message.StartsWith("SSL connection requested", StringComparison.Ordinal))
            return "TLS failed. The server does not offer it. Turn on ssl at the server, or use SSL Mode=Prefer if the connection may go without encryption.";
        if (IsTls(error))
            return $"TLS failed. {OneLine(Innermost(error).Message)}. {TlsAdvice}";
        if (error is NpgsqlException && error.Message.StartsWith("No suitable host", StringComparison.Ordinal))
            return "None of the hosts is a primary, or can be reached. LISTEN needs the primary; during a failover this ends by itself.";

        var cause = Innermost(error);
        return cause == error || cause.Message == error.Message
            ? $"{cause.GetType().Name}: {OneLine(cause.Message)}"
            : $"{error.GetType().Name}: {OneLine(error.Message)}: {OneLine(cause.Message)}";
    }

    private const string Silent = "Check for a firewall, a failed host, or too much load.";

    private const string TlsAdvice =
        "Check SSL Mode, Root Certificate and the host name of the connection string, and SSL Certificate and SSL Key if the server asks for a certificate of the client.";

    /// <summary>The error of each of several hosts.</summary>
    private static string? SeveralIn(Exception error)
    {
        if (Find<AggregateException>(error) is not { InnerExceptions.Count: > 1 } several)
            return null;

        var problems = several.InnerExceptions.Select(Of).Distinct(StringComparer.Ordinal).ToArray();
        return problems.Length == 1 ? $"None of the hosts can be used. {problems[0]}" : $"None of the hosts can be used. {string.Join(" / ", problems.Take(3))}";
    }

    private static string AdviceFor(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "Check the host's name, and whether this machine's DNS knows it.",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "The connection was cut by the server, or by something between it and this process.",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.TimedOut => "The host cannot be reached: check the network and its firewalls.",
        _ => "Check host and port, and whether the server is running.",
    };

    private static bool IsTls(Exception error)
        => Find<NpgsqlException>(error)?.Message.Contains("SSL", StringComparison.Ordinal) == true
            || Find<CryptographicException>(error) is not null;

    /// <summary>The outermost of its kind in a chain of causes.</summary>
    private static T? Find<T>(Exception? error)
        where T : Exception
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is T found)
                return found;
        }

        return null;
    }

    private static Exception Innermost(Exception error) => error.GetBaseException();

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    /// <summary>The address of the attempt to connect, if the failure contains it.</summary>
    private static string PlaceOf(Exception error)
        => Find<NpgsqlException>(error) is { } attempt && attempt.Message.StartsWith("Failed to connect", StringComparison.Ordinal) ? $" ({OneLine(attempt.Message)}.)" : "";

    /// <summary>Whether all connections of Npgsql's pool are in use.</summary>
    private static bool IsOfPool(Exception error) => error is NpgsqlException && error.Message.StartsWith("The connection pool has been exhausted", StringComparison.Ordinal);
}
