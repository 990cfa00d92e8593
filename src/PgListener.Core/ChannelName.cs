using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PgListener;

/// <summary>The rules for a channel's name. The server would not report a violation: LISTEN truncates long names, and folds unquoted ones to lower case.</summary>
internal static class ChannelName
{
    public const int MaxBytes = 63;

    private const int MaxShown = 80;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The name of a channel at the server.</summary>
    /// <param name="prefix">The prefix of all channels; may be empty.</param>
    /// <param name="channel">The name in the application.</param>
    /// <exception cref="ArgumentException">The name is not valid for a channel, or is too long with the prefix.</exception>
    public static string WithPrefix(string prefix, string channel)
    {
        ThrowIfInvalid(channel);
        if (prefix.Length == 0)
            return channel;

        if (TooLongWith(prefix, channel) is { } bytes)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"A channel name must be at most {MaxBytes} bytes long in UTF-8, but {Quoted(channel)} has {bytes:N0} with the prefix '{Show(prefix)}' before it. Shorten ChannelPrefix or the name."),
                nameof(channel));
        }

        return string.Concat(prefix, channel);
    }

    /// <summary>How many bytes a name has with a prefix, if that is too many although it is not too long by itself.</summary>
    public static int? TooLongWith(string prefix, string channel)
        => Encoding.UTF8.GetByteCount(channel) is <= MaxBytes and var own && own + Encoding.UTF8.GetByteCount(prefix) is > MaxBytes and var both ? both : null;

    /// <summary>What is wrong with a prefix, to follow the setting's name in a sentence; <see langword="null"/> if it is valid.</summary>
    public static string? ProblemOfPrefix(string prefix)
    {
        if (prefix.Length == 0)
            return null;
        if (LooksLikeConnectionString(prefix))
            return "must be the beginning of a channel name, but looks like a connection string with a password";
        if (prefix.Contains('\0', StringComparison.Ordinal))
            return "must be free of the character NUL";

        try
        {
            return StrictUtf8.GetByteCount(prefix) is >= MaxBytes and var bytes
                ? string.Create(CultureInfo.InvariantCulture, $"must be at most {MaxBytes - 1} bytes long in UTF-8, so that a channel's name fits behind it, but has {bytes:N0}")
                : null;
        }
        catch (EncoderFallbackException)
        {
            return "must be valid Unicode, but has half of a surrogate pair";
        }
    }

    /// <exception cref="ArgumentException">The name is not valid for a channel. The message contains it, shortened and on one line.</exception>
    public static void ThrowIfInvalid(string channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (channel.Length == 0)
            throw new ArgumentException("A channel name must not be empty.", nameof(channel));
        if (LooksLikeConnectionString(channel))
            throw new ArgumentException("The channel name looks like a connection string with a password, and channel names are shown in logs and metrics.", nameof(channel));
        if (channel.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException($"A channel name must not contain the character NUL, but {Quoted(channel)} does.", nameof(channel));

        int bytes;
        try
        {
            bytes = StrictUtf8.GetByteCount(channel);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"A channel name must be valid Unicode, but {Quoted(channel)} has half of a surrogate pair.", nameof(channel), e);
        }

        if (bytes > MaxBytes)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"A channel name must be at most {MaxBytes} bytes long in UTF-8, but this one has {bytes:N0}; PostgreSQL would cut {Quoted(channel)} short."),
                nameof(channel));
        }
    }

    /// <summary>Shortens a name that is too long, with a hash of the whole at its end, which tells it apart from others that begin alike.</summary>
    /// <param name="name">The name.</param>
    /// <param name="maxBytes">The most bytes that it may have in UTF-8.</param>
    /// <param name="separator">What stands before the hash.</param>
    /// <param name="hashLength">The length of the hash.</param>
    public static string Shorten(string name, int maxBytes, char separator, int hashLength)
    {
        if (Encoding.UTF8.GetByteCount(name) <= maxBytes)
            return name;

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))).AsSpan(0, hashLength);
        var kept = name.Length;
        while (Encoding.UTF8.GetByteCount(name.AsSpan(0, kept)) > maxBytes - hashLength - 1 || char.IsHighSurrogate(name[kept - 1]))
            kept--;
        return $"{name.AsSpan(0, kept)}{separator}{hash}";
    }

    /// <summary>The name for a message: on one line, and shortened.</summary>
    public static string Show(string channel)
    {
        var text = new StringBuilder();
        foreach (var character in channel.AsSpan(0, Math.Min(channel.Length, MaxShown)))
        {
            if (char.IsControl(character) || char.IsSurrogate(character) || char.GetUnicodeCategory(character) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            else
                text.Append(character);
        }

        return channel.Length > MaxShown ? text.Append('…').ToString() : text.ToString();
    }

    /// <summary>The same for a name that is not valid. It may be a connection string, of which nothing is shown.</summary>
    private static string Quoted(string channel) => channel.Contains('=', StringComparison.Ordinal) ? "the one given" : $"'{Show(channel)}'";

    private static bool LooksLikeConnectionString(string channel)
        => (channel.Contains('=', StringComparison.Ordinal) && (channel.Contains("password=", StringComparison.OrdinalIgnoreCase) || channel.Contains("pwd=", StringComparison.OrdinalIgnoreCase)))
            || channel.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            || channel.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    public static string Quote(string channel) => string.Concat("\"", channel.Replace("\"", "\"\"", StringComparison.Ordinal), "\"");
}
