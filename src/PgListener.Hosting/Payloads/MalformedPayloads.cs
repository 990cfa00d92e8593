namespace PgListener.Payloads;

/// <summary>Logs one subscription's malformed payloads: the first of a kind in full, the others as a count, once a minute at most.</summary>
internal sealed class MalformedPayloads(string subscription)
{
    private const int MaxKinds = 20;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _sync = new();
    private readonly Dictionary<(Type Error, string Place), Kind> _kinds = [];

    public void Report(Exception error, in Notification notification, PayloadShape shape, PayloadLog log)
    {
        var channel = notification.Channel.ReplaceLineEndings(" ");
        var position = shape.PositionOf(error);
        var at = position.Length == 0 ? "" : $" at {position}";
        if (Count(error.GetType(), position, log.Time, out var others))
            log.Logger.MalformedPayload(subscription, channel, error.GetType().Name, at, notification.Payload.Length);
        else if (others > 0)
            log.Logger.MalformedPayloadsCounted(subscription, others, channel, error.GetType().Name, at);

        // The message of such an exception may quote the payload, so it is logged only where the payload is.
        log.Logger.MalformedPayloadText(error, channel, notification.Payload.ReplaceLineEndings(" "));
    }

    /// <summary>Counts a payload.</summary>
    /// <param name="error">What it was refused with.</param>
    /// <param name="position">Where.</param>
    /// <param name="time">The clock.</param>
    /// <param name="others">How many of its kind have not been logged, if it is time to say so.</param>
    /// <returns>Whether it is the first of its kind.</returns>
    private bool Count(Type error, string position, TimeProvider time, out long others)
    {
        // Which element and which byte makes no other kind: the sender could make up any number of them.
        var comma = position.IndexOf(',', StringComparison.Ordinal);
        var place = string.Concat((comma < 0 ? position : position[..comma]).Where(letter => !char.IsAsciiDigit(letter)));
        others = 0;
        lock (_sync)
        {
            var key = (error, place);
            if (!_kinds.TryGetValue(key, out var kind))
            {
                // Beyond so many they are one kind.
                key = _kinds.Count < MaxKinds ? key : (typeof(Exception), "");
                if (!_kinds.TryGetValue(key, out kind))
                {
                    _kinds.Add(key, new() { Logged = time.GetTimestamp() });
                    return true;
                }
            }

            kind.Others++;
            if (time.GetElapsedTime(kind.Logged) < Interval)
                return false;

            others = kind.Others;
            kind.Others = 0;
            kind.Logged = time.GetTimestamp();
            return false;
        }
    }

    private sealed class Kind
    {
        public long Others { get; set; }

        public long Logged { get; set; }
    }
}
