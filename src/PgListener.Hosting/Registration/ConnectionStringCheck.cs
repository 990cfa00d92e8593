using System.Data.Common;
using Npgsql;

namespace PgListener.Registration;

/// <summary>Finds what is wrong with a connection string. A message names a keyword, never a value.</summary>
internal static class ConnectionStringCheck
{
    /// <summary>The keywords that are set most often, for suggestions.</summary>
    private static readonly string[] Keywords =
    [
        "Host", "Server", "Port", "Database", "Username", "User ID", "Password", "Passfile", "Application Name", "Enlist", "Search Path", "Client Encoding", "Encoding", "Timezone",
        "SSL Mode", "SSL Certificate", "SSL Key", "SSL Password", "Root Certificate", "Trust Server Certificate", "Channel Binding", "Require Auth", "Kerberos Service Name", "Persist Security Info",
        "Pooling", "Minimum Pool Size", "Maximum Pool Size", "Connection Idle Lifetime", "Connection Pruning Interval", "Connection Lifetime",
        "Timeout", "Command Timeout", "Cancellation Timeout", "Keepalive", "TCP Keepalive", "Target Session Attributes", "Load Balance Hosts", "Host Recheck Seconds",
        "Options", "Include Error Detail", "Multiplexing", "No Reset On Close", "Read Buffer Size", "Write Buffer Size", "Max Auto Prepare",
    ];

    private static readonly HashSet<string> Secrets = new(["password", "pwd", "psw", "ssl password", "passfile"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The problem, as the end of a sentence that begins with the connection string; <see langword="null"/> if there is none.</summary>
    public static string? ProblemOf(string text)
    {
        if (text.TrimStart() is var start && (start.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase) || start.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)))
            return "cannot be read: it is a URI, and Npgsql expects keywords and values, such as Host=…;Port=…;Database=…;Username=…;Password=….";
        if (!text.Contains('=', StringComparison.Ordinal))
            return $"cannot be read: it has no keyword with a value, such as Host=…. To name an entry of the section ConnectionStrings, set {nameof(PgListenerOptions.ConnectionName)}.";

        var pairs = new DbConnectionStringBuilder();
        try
        {
            pairs.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            return "cannot be read: it is not of the form Keyword=Value;Keyword=Value. Put a value that contains ; or quotes in quotes.";
        }

        if (ProblemOfKeywords(text, pairs) is { } problem)
            return $"cannot be read: {problem}";

        try
        {
            return string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(text).Host) ? "names no Host." : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or InvalidCastException or NotSupportedException)
        {
            // Npgsql's message may quote the part that it could not read, which may be part of a password.
            return "cannot be read; see Npgsql's documentation for its form.";
        }
    }

    private static string? ProblemOfKeywords(string text, DbConnectionStringBuilder pairs)
    {
        var known = new NpgsqlConnectionStringBuilder();
        var mayBeSecret = false;
        foreach (string keyword in pairs.Keys)
        {
            var written = AsWritten(keyword, text);
            if (!known.ContainsKey(keyword))
            {
                // Text after a password may be part of it, so it is named only if it is similar to a keyword.
                var meant = Nearest.Of(keyword, Keywords);
                return mayBeSecret && meant is null
                    ? "what follows the password is not a keyword. Put a value that contains ; or = in quotes: Password='…'."
                    : $"Npgsql does not know the keyword '{written}'.{(meant is null ? "" : $" Did you mean {meant}?")}";
            }

            mayBeSecret |= Secrets.Contains(keyword);
            try
            {
                new NpgsqlConnectionStringBuilder()[keyword] = pairs[keyword];
            }
            catch (Exception e) when (e is ArgumentException or FormatException or OverflowException or InvalidCastException or NotSupportedException)
            {
                return $"the value of '{written}' is not one that Npgsql accepts.";
            }
        }

        return null;
    }

    /// <summary>The keyword as it was written, because the builder changes keywords to lower case.</summary>
    private static string AsWritten(string keyword, string text)
        => text.IndexOf(keyword, StringComparison.OrdinalIgnoreCase) is >= 0 and var index ? text.Substring(index, keyword.Length) : keyword;
}
