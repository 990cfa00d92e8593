using System.Text.RegularExpressions;

namespace PgListener.Registration;

/// <summary>The rules for a listener's name. It is shown on pages, in logs and in metrics, so a text that may contain a password is refused.</summary>
internal static partial class ListenerName
{
    private const string Rule = "The name of a listener has 1 to 64 letters, digits, '_', '.' and '-'.";

    /// <summary>Names that are not settings, but that a listener's section or its options contain.</summary>
    private static readonly HashSet<string> Reserved = new(
        KnownSettings.OfListener.Select(setting => setting.Name.Split(':')[0]).Concat(
        [
            PgListenerOptions.HandlersName,
            nameof(PgListenerOptions.Publisher),
            nameof(PgListenerOptions.Name),
            nameof(PgListenerOptions.LoggerFactory),
            nameof(PgListenerOptions.TimeProvider),
            nameof(PgListenerOptions.MeterFactory),
        ]),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a text can be shown as a name without revealing a secret.</summary>
    public static bool IsValid(string name) => Pattern.IsMatch(name);

    /// <summary>Throws for an invalid argument of the caller. The message does not repeat it.</summary>
    public static void ThrowIfInvalid(string name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (!IsValid(name))
        {
            throw new ArgumentException(
                LooksLikeConnectionString(name)
                    ? $"{Rule} This looks like a connection string: to give one, write AddPgListener(connectionString: …)."
                    : $"{Rule} The listener without a name is added with AddPgListener().",
                parameter);
        }

        if (Reserved.Contains(name))
            throw new ArgumentException($"{Rule} It must not be the name of a setting, because the settings of a named listener are in the section {PgListenerOptions.SectionName}:{{name}}.", parameter);
    }

    /// <summary>Whether a text has the form of a connection string, and may therefore contain a password.</summary>
    public static bool LooksLikeConnectionString(string text)
        => text.Contains('=', StringComparison.Ordinal) || text.Contains("://", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[A-Za-z0-9_.\-]{1,64}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern { get; }
}
