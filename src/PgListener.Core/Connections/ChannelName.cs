using System.Text;

namespace PgListener.Connections;

/// <summary>The rules for a channel's name, which the server would break silently: LISTEN truncates, and folds what is not quoted.</summary>
internal static class ChannelName
{
    public const int MaxBytes = 63;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static void ThrowIfInvalid(string channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (channel.Length == 0)
            throw new ArgumentException("A channel name must not be empty.", nameof(channel));
        if (channel.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("A channel name must not contain the character NUL.", nameof(channel));

        int bytes;
        try
        {
            bytes = StrictUtf8.GetByteCount(channel);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("A channel name must be valid Unicode; this one has half of a surrogate pair.", nameof(channel), e);
        }

        if (bytes > MaxBytes)
            throw new ArgumentException($"A channel name must be at most {MaxBytes} bytes long in UTF-8, but this one has {bytes}; PostgreSQL would cut it short.", nameof(channel));
    }

    public static string Quote(string channel) => string.Concat("\"", channel.Replace("\"", "\"\"", StringComparison.Ordinal), "\"");
}
