using PgListener.Connections;


namespace PgListener.Publishing;

/// <summary>Makes notifications of values and payloads, and checks them.</summary>
internal sealed class Formatter(bool allowDuplicates)
{
    public Message Format<TChannel>(TChannel value)
        where TChannel : INotificationChannel<TChannel>
    {
        if (value is null)
            throw new ArgumentNullException(nameof(value));

        return new([Write(TChannel.ChannelName, value)], CanBeMerged: !TChannel.IgnoresTrailingWhitespace);
    }

    public Message FormatMany<TChannel>(IEnumerable<TChannel> values)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(values);
        return new(
            [.. values.Select(value => value is null ? throw new ArgumentException("A value is null.", nameof(values)) : Write(TChannel.ChannelName, value))],
            CanBeMerged: !TChannel.IgnoresTrailingWhitespace);
    }

    public static Message Raw(string channel, string payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        return new([Check(channel, payload)], CanBeMerged: true);
    }

    public static Message RawMany(string channel, IEnumerable<string> payloads)
    {
        ArgumentNullException.ThrowIfNull(payloads);
        ChannelName.ThrowIfInvalid(channel);
        return new(
            [.. payloads.Select(payload => payload is null ? throw new ArgumentException("A payload is null.", nameof(payloads)) : Check(channel, payload))],
            CanBeMerged: true);
    }

    private Outgoing Write<TChannel>(string channel, TChannel value)
        where TChannel : INotificationChannel<TChannel>
    {
        var payload = TChannel.Format(value) ?? throw new InvalidOperationException($"{typeof(TChannel)}.Format returned null; an empty payload is \"\".");
        return Check(channel, allowDuplicates && TChannel.IgnoresTrailingWhitespace ? DistinctMark.Add(payload) : payload);
    }

    private static Outgoing Check(string channel, string payload)
    {
        ChannelName.ThrowIfInvalid(channel);
        PayloadRules.ThrowIfInvalid(payload, channel);
        return new(channel, payload);
    }
}
