using System.Globalization;

namespace PgListener.Bench;

/// <summary>The payloads, as they are written, and what those read of them who do not parse JSON.</summary>
internal static class Payload
{
    /// <summary>The channel, where there is only one.</summary>
    public const string Channel = "bench";

    /// <summary>Not counted: it shows that the consumer listens.</summary>
    public const string Probe = """{"id":0,"total":0,"customer":"nobody"}""";

    /// <summary>The payload of the id <c>i</c>, as an expression of SQL.</summary>
    public const string Sql = """'{"id":' || i || ',"total":45.67,"customer":"c-' || i % 100 || '"}'""";

    private const int IdStart = 6;

    public static string ChannelOf(int index, int channels)
        => channels == 1 ? Channel : string.Create(CultureInfo.InvariantCulture, $"{Channel}_{index}");

    public static string Write(long id) => string.Create(CultureInfo.InvariantCulture, $$"""{"id":{{id}},"total":45.67,"customer":"c-{{id % 100}}"}""");

    public static string Write(long id, long sent)
        => string.Create(CultureInfo.InvariantCulture, $$"""{"id":{{id}},"total":45.67,"customer":"c-{{id % 100}}","sent":{{sent}}}""");

    /// <summary>Reads no more than the id, which takes a few nanoseconds: enough to know that nothing is missing.</summary>
    public static long IdOf(string payload)
    {
        var id = 0L;
        for (var i = IdStart; i < payload.Length && char.IsAsciiDigit(payload[i]); i++)
            id = (id * 10) + (payload[i] - '0');
        return id;
    }

    public static long SentOf(string payload)
        => long.TryParse(payload.AsSpan(payload.LastIndexOf(':') + 1).TrimEnd('}'), NumberStyles.None, CultureInfo.InvariantCulture, out var sent) ? sent : 0;
}
