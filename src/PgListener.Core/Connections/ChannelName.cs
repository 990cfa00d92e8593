using System.Text;

namespace PgListener.Connections;

/// <summary>The rules for a channel's name, which the server would break silently: LISTEN truncates, and folds what is not quoted.</summary>
internal static class ChannelName
{
    public const int MaxBytes = 63;

    private const int MaxShown = 32;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static void ThrowIfInvalid(string channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (channel.Length == 0)
            throw new ArgumentException("A channel name must not be empty.", nameof(channel));
        if (LooksLikeConnectionString(channel))
            throw new ArgumentException("The channel name looks like a connection string with a password, and channel names are shown in logs and metrics.", nameof(channel));
        if (channel.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException($"The channel name {Shown(channel)} must not contain the character NUL.", nameof(channel));

        int bytes;
        try
        {
            bytes = StrictUtf8.GetByteCount(channel);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"The channel name {Shown(channel)} must be valid Unicode; it has half of a surrogate pair.", nameof(channel), e);
        }

        if (bytes > MaxBytes)
            throw new ArgumentException($"The channel name {Shown(channel)} must be at most {MaxBytes} bytes long in UTF-8, but this one has {bytes}; PostgreSQL would cut it short.", nameof(channel));
    }

    /// <summary>Its beginning, as it can be put into one line; nothing of what may be a connection string.</summary>
    private static string Shown(string channel)
    {
        if (channel.Contains('=', StringComparison.Ordinal))
            return "given";

        var beginning = string.Concat(channel.Take(MaxShown).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
        return channel.Length > MaxShown ? $"'{beginning}…'" : $"'{beginning}'";
    }

    private static bool LooksLikeConnectionString(string channel)
        => (channel.Contains('=', StringComparison.Ordinal) && (channel.Contains("password=", StringComparison.OrdinalIgnoreCase) || channel.Contains("pwd=", StringComparison.OrdinalIgnoreCase)))
            || channel.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            || channel.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    public static string Quote(string channel) => string.Concat("\"", channel.Replace("\"", "\"\"", StringComparison.Ordinal), "\"");
}
