using System.Globalization;
using System.Text;

namespace PgListener.Durable.Publishing;

/// <summary>Turns a request into the messages to write.</summary>
internal static class MessageWriter
{
    /// <summary>The longest key, in bytes in UTF-8.</summary>
    public const int MaxKeyBytes = 255;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes the messages, and checks them, so that the server sees nothing that would abort the caller's transaction.</summary>
    /// <param name="request">The request.</param>
    /// <param name="channel">The channel's name in the application, for messages.</param>
    /// <param name="maxPayloadBytes">The longest payload.</param>
    /// <exception cref="ArgumentException">A payload or key is not valid.</exception>
    public static OutgoingMessage[] Write(PublishRequest request, string channel, int maxPayloadBytes)
    {
        var messages = request.Count == 0 ? [] : new OutgoingMessage[request.Count];
        for (var i = 0; i < messages.Length; i++)
            messages[i] = new(Checked(request.KeyAt(i), request), Encode(request.PayloadAt(i), channel, maxPayloadBytes));
        return messages;
    }

    private static byte[] Encode(string payload, string channel, int maxBytes)
    {
        int bytes;
        try
        {
            bytes = StrictUtf8.GetByteCount(payload);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"The payload for channel '{channel}' is not valid Unicode: it has half of a surrogate pair.", nameof(payload), e);
        }

        if (bytes > maxBytes)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"The payload for channel '{channel}' has {bytes:N0} bytes in UTF-8, but {nameof(DurableChannelOptions.MaxPayloadBytes)} allows at most {maxBytes:N0}. ") +
                $"Raise {nameof(DurableChannelOptions.MaxPayloadBytes)}, or write the data to a table in the same transaction and publish only its key.",
                nameof(payload));
        }

        return StrictUtf8.GetBytes(payload);
    }

    private static string? Checked(string? key, PublishRequest request)
    {
        if (key is null)
            return null;
        if (key.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException($"{request.ChannelType}.KeyOf returned a key with the character NUL, which PostgreSQL cannot store in text.", nameof(key));

        try
        {
            return StrictUtf8.GetByteCount(key) is > MaxKeyBytes and var bytes
                ? throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{request.ChannelType}.KeyOf returned a key of {bytes:N0} bytes in UTF-8, but at most {MaxKeyBytes} are allowed. Return a shorter one, such as a hash."), nameof(key))
                : key;
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"{request.ChannelType}.KeyOf returned a key that is not valid Unicode: it has half of a surrogate pair.", nameof(key), e);
        }
    }
}
