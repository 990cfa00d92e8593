using ZiggyCreatures.Caching.Fusion.Backplane;

namespace PgListener.Backplane;

/// <summary>
/// Messages as payloads. FusionCache's own format is binary, and a payload is text without the character NUL, so it is Base64. A message whose key does not fit into a payload
/// becomes one about all keys: <c>*</c>, and the instance that has sent it.
/// </summary>
internal static class BackplaneText
{
    private const char All = '*';

    /// <summary>PostgreSQL allows 7,999 bytes, and a trace context may be added.</summary>
    private const int MaxLength = 7900;

    private const int HashLength = 16;

    public static string Write(BackplaneMessage message)
    {
        var payload = Convert.ToBase64String(BackplaneMessage.ToByteArray(message));
        return payload.Length <= MaxLength ? payload : All + message.SourceId;
    }

    /// <summary>Reads a payload.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="message">The message; <see langword="null"/> if it is about all keys, or malformed.</param>
    /// <param name="source">The instance that has sent it; <see langword="null"/> if it is malformed.</param>
    public static void Read(string payload, out BackplaneMessage? message, out string? source)
    {
        message = null;
        source = null;
        if (payload.StartsWith(All))
        {
            source = payload[1..];
            return;
        }

        try
        {
            message = BackplaneMessage.FromByteArray(Convert.FromBase64String(payload));
            source = message.SourceId;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            message = null; // The caller decides what that means.
        }
    }

    /// <summary>The name of a cache's channel. One that is too long for PostgreSQL is cut, and ends with a hash of the whole. The prefix of the listener's channels is not known here.</summary>
    public static string ChannelOf(string name) => ChannelName.Shorten(name, ChannelName.MaxBytes, separator: ':', HashLength);
}
