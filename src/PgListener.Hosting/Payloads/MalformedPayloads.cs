namespace PgListener.Payloads;

/// <summary>Logs one subscription's malformed payloads: the first of a kind in full, the others as a count at most once a minute.</summary>
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

        // The exception's message may quote the payload, so it is logged only together with the payload.
        log.Logger.MalformedPayloadText(error, channel, notification.Payload.ReplaceLineEndings(" "));
    }

    /// <summary>Counts a payload.</summary>
    /// <param name="error">The type of the exception.</param>
    /// <param name="position">The position in the payload.</param>
    /// <param name="time">The clock.</param>
    /// <param name="others">How many of its kind were not logged, if a count is due.</param>
    /// <returns>Whether it is the first of its kind.</returns>
    private bool Count(Type error, string position, TimeProvider time, out long others)
    {
        // The element and the byte do not make another kind, because a sender can produce any number of them.
        var comma = position.IndexOf(',', StringComparison.Ordinal);
        var place = string.Concat((comma < 0 ? position : position[..comma]).Where(letter => !char.IsAsciiDigit(letter)));
        others = 0;
        lock (_sync)
        {
            var key = (error, place);
            if (!_kinds.TryGetValue(key, out var kind))
            {
                // Beyond this number, all further ones are one kind.
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
