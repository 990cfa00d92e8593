using System.Globalization;

namespace PgListener.Samples.Tests.Relays;

/// <summary>What has become of the messages of a run.</summary>
internal sealed class RelayResult
{
    private readonly int _kills;

    /// <param name="published">The payloads in the log.</param>
    /// <param name="stream">The messages in the stream.</param>
    /// <param name="kills">How often each side was killed.</param>
    /// <param name="repeated">How many messages the relay has sent again, which NATS has refused.</param>
    public RelayResult(IReadOnlySet<string> published, IReadOnlyList<RelayedMessage> stream, int kills, int repeated)
    {
        _kills = kills;
        Published = published.Count;
        InStream = stream.Count;
        Repeated = repeated;
        var relayed = stream.Select(message => message.Payload).ToHashSet(StringComparer.Ordinal);
        Twice = stream.Count - relayed.Count;
        Lost = published.Count(payload => !relayed.Contains(payload));
        Unknown = relayed.Count(payload => !published.Contains(payload));
        OutOfOrder = stream.Select(message => message.Read()).GroupBy(message => message.Key, message => message.Number, StringComparer.Ordinal)
            .Sum(key => key.Zip(key.Skip(1)).Count(pair => pair.Second <= pair.First));
    }

    public int Published { get; }

    public int InStream { get; }

    public int Repeated { get; }

    public int Twice { get; }

    public int Lost { get; }

    public int Unknown { get; }

    /// <summary>How many come after one of the same key that was published later.</summary>
    public int OutOfOrder { get; }

    public bool IsRight => Published == InStream && (Lost, Twice, Unknown, OutOfOrder) == default;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Relay: {Published:N0} messages with relay, NATS and PostgreSQL killed {_kills} times each: {InStream:N0} in the stream, {Lost} lost, {Twice} twice, {OutOfOrder} out of order, {Unknown} unknown; {Repeated:N0} were sent again and refused");
}
