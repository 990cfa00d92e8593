using System.Globalization;
using System.Text;

namespace PgListener.Connections;

/// <summary>The rules for a payload. The server would refuse a payload that breaks them, and abort the caller's transaction.</summary>
internal static class PayloadRules
{
    public const int MaxBytes = PostgresLimits.PayloadBytes;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static void ThrowIfInvalid(string payload, string channel)
    {
        if (payload.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException($"The payload for channel '{channel}' contains the character NUL, which PostgreSQL cannot store in text. JSON writes it as \\u0000.", nameof(payload));

        int bytes;
        try
        {
            bytes = StrictUtf8.GetByteCount(payload);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"The payload for channel '{channel}' is not valid Unicode: it has half of a surrogate pair.", nameof(payload), e);
        }

        if (bytes > MaxBytes)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The payload for channel '{channel}' has {bytes:N0} bytes in UTF-8, but PostgreSQL allows at most {MaxBytes:N0}. ") +
                "Write the data to a table in the same transaction and send only its key; the handler then reads the row.",
                nameof(payload));
        }
    }
}
