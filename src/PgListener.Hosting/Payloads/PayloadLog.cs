using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace PgListener.Payloads;

/// <summary>The log of a listener's payload readers, and what was logged for each channel.</summary>
internal sealed class PayloadLog(ILogger logger, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, bool> _unknown = new(StringComparer.Ordinal);

    /// <summary>For readers whose listener does not log, such as a fake in a test.</summary>
    public static PayloadLog None { get; } = new(NullLogger.Instance, TimeProvider.System);

    public ILogger Logger => logger;

    public TimeProvider Time => time;

    /// <summary>Whether it has been logged that payloads of the channel have no known property.</summary>
    public bool HasSaidUnknown(string channel) => !_unknown.IsEmpty && _unknown.ContainsKey(channel);

    /// <summary>Logs, once for the channel, that a payload has no known property.</summary>
    public void SayUnknown(string channel, Type type, IReadOnlyCollection<string> known)
    {
        if (_unknown.TryAdd(channel, true))
            logger.UnknownProperties(channel.ReplaceLineEndings(" "), type.Name, string.Join(", ", known.Take(8)) + (known.Count > 8 ? ", …" : ""));
    }
}
