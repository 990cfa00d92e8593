using System.Data.Common;
using Npgsql;

namespace PgListener.Connections;

/// <summary>The rules for a connection string. A message names the keyword that is wrong, never its value, which may be a password.</summary>
internal static class ConnectionStringRules
{
    private const string Form = "Npgsql reads keyword=value pairs with semicolons between them: Host=server;Port=5432;Username=user;Password=password;Database=database.";

    private const int LongestKeyword = 40;

    private const string SchemeEnd = "://";

    private static readonly string[] Passwords = ["Password", "PSW", "PWD", "SSL Password"];

    /// <summary>The keywords that are misspelt most often.</summary>
    private static readonly string[] Common =
    [
        "Host", "Port", "Database", "Username", "Password", "SSL Mode", "Root Certificate", "SSL Certificate", "SSL Key", "Application Name", "Search Path", "Timeout",
        "Command Timeout", "Keepalive", "Pooling", "Minimum Pool Size", "Maximum Pool Size", "Connection Idle Lifetime", "Multiplexing", "Target Session Attributes",
        "Host Recheck Seconds", "Enlist", "Options", "Persist Security Info", "Include Error Detail", "No Reset On Close", "Max Auto Prepare", "Timezone", "Client Encoding",
    ];

    /// <summary>Refuses what Npgsql cannot read.</summary>
    /// <param name="connectionString">The connection string.</param>
    public static void ThrowIfInvalid(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        if (Problem(connectionString) is { } problem)
            throw new ArgumentException(problem, nameof(connectionString));
    }

    /// <summary>Refuses one without a host.</summary>
    /// <param name="settings">The connection string, read.</param>
    /// <param name="parameter">The caller's argument.</param>
    public static void ThrowIfHostless(NpgsqlConnectionStringBuilder settings, string parameter)
    {
        if (string.IsNullOrWhiteSpace(settings.Host))
            throw new ArgumentException("The connection string names no Host.", parameter);
    }

    // None of these has an inner exception, because Npgsql's messages contain the value.
    private static string? Problem(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return $"The connection string is empty. {Form}";
        if (SchemeOf(text) is { } scheme)
            return $"The connection string is a URI ({scheme}…), which Npgsql does not read. {Form}";

        var pairs = new DbConnectionStringBuilder();
        try
        {
            pairs.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            return $"The connection string cannot be read{After(text)}. {Form} Put a value that contains a semicolon or an equals sign in double quotes.";
        }

        var settings = new NpgsqlConnectionStringBuilder();
        foreach (string keyword in pairs.Keys)
        {
            if (ProblemOf(settings, keyword, pairs[keyword], text) is { } problem)
                return problem;
        }

        return null;
    }

    private static string? ProblemOf(NpgsqlConnectionStringBuilder settings, string keyword, object value, string text)
    {
        if (!settings.ContainsKey(keyword))
            return ProblemOfUnknown(keyword, text);

        try
        {
            settings[keyword] = value;
        }
        catch (ArgumentException)
        {
            return $"The value of {AsWritten(keyword, text)} in the connection string is not one that Npgsql accepts.";
        }

        return keyword is "host" or "server" && ((string)value).Contains('=', StringComparison.Ordinal)
            ? $"The value of {AsWritten(keyword, text)} in the connection string contains further keywords, separated by spaces. {Form}"
            : null;
    }

    private static string ProblemOfUnknown(string keyword, string text)
    {
        // It may be part of something else, such as a URI without its beginning, or the rest of a password.
        if (keyword.Length > LongestKeyword || !keyword.All(static c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '_'))
            return $"The connection string has something that is not a keyword in the place of one. {Form}";

        var (meant, distance) = EditDistance.Nearest(keyword, Common);
        if (distance <= Math.Max(2, keyword.Length / 4))
            return $"The connection string has the keyword {AsWritten(keyword, text)}, which Npgsql does not know. Did you mean {meant}?";

        return FollowsPassword(keyword, text)
            ? "What follows the password in the connection string is not a keyword that Npgsql knows. Put a password that contains a semicolon in double quotes."
            : $"The connection string has the keyword {AsWritten(keyword, text)}, which Npgsql does not know. {Form}";
    }

    private static string? SchemeOf(string text)
    {
        var end = text.IndexOf(SchemeEnd, StringComparison.Ordinal);
        var scheme = end > 0 ? text[..end].Trim() : "";
        return scheme.Length > 0 && scheme.All(static c => char.IsAsciiLetterOrDigit(c) || c is ':' or '+' or '-' or '.') ? scheme + SchemeEnd : null;
    }

    /// <summary>The last keyword before the part that cannot be read.</summary>
    private static string After(string text)
    {
        for (var end = text.LastIndexOf(';'); end > 0; end = text.LastIndexOf(';', end - 1))
        {
            if (IsReadable(text[..end]) && KeywordsAsWritten(text[..end])[^1] is var last && new NpgsqlConnectionStringBuilder().ContainsKey(last))
                return $" behind the value of {last}";
        }

        return "";
    }

    private static bool IsReadable(string text)
    {
        try
        {
            return new DbConnectionStringBuilder { ConnectionString = text }.Count > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool FollowsPassword(string keyword, string text)
    {
        var keywords = KeywordsAsWritten(text);
        var index = Array.FindIndex(keywords, written => written.Equals(keyword, StringComparison.OrdinalIgnoreCase));
        return index > 0 && Passwords.Contains(keywords[index - 1], StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>A keyword as the user wrote it, not in lower case.</summary>
    private static string AsWritten(string keyword, string text)
        => Array.Find(KeywordsAsWritten(text), written => written.Equals(keyword, StringComparison.OrdinalIgnoreCase)) ?? keyword;

    /// <summary>The text that looks like keywords. It may be part of a value, so only a known keyword may be shown.</summary>
    private static string[] KeywordsAsWritten(string text) => Array.ConvertAll(text.Split(';'), static pair => pair.Split('=')[0].Trim());
}
