using Microsoft.Extensions.Logging;
using PgListener.Connections;
using PgListener.Durable.Telemetry;
using PgListener.Telemetry;

namespace PgListener.Durable.Streams;

/// <summary>What goes wrong with the streams of one channel: logs it, and says how long to wait before the next attempt. Thread-safe.</summary>
internal sealed class StreamProblems(string channel, OptionsInForce options, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly string _channel = ChannelName.Show(channel);
    private readonly LogThrottle _overtaken = new(time, count => logger.StreamsOvertakenToo(count, ChannelName.Show(channel)));
    private readonly LogThrottle _unknown = new(time, count => logger.PositionsUnknownToo(count, ChannelName.Show(channel)));
    private volatile string? _reported;

    /// <summary>Logs a failure.</summary>
    /// <returns>How long to wait before the next attempt.</returns>
    public TimeSpan Report(Exception error, int failures)
    {
        var waits = options.Current;
        var delay = Backoff.Next(failures, waits.ReconnectDelay, waits.MaxReconnectDelay, Random.Shared.NextDouble());
        var kind = Diagnosis.KindOf(error);
        if (Interlocked.Exchange(ref _reported, kind) == kind)
            logger.StreamsStillWait(error, _channel, delay);
        else
            logger.StreamsWait(_channel, Diagnosis.Of(error));
        return delay;
    }

    /// <summary>It has succeeded.</summary>
    public void Clear()
    {
        if (_reported is not null && Interlocked.Exchange(ref _reported, null) is not null)
            logger.StreamsGoOn(_channel);
    }

    /// <summary>Messages were removed before a stream got to them.</summary>
    public void NoteOvertaken(string stream)
    {
        if (_overtaken.IsNew())
            logger.StreamOvertaken(stream, _channel);
    }

    /// <summary>A stream was to begin after a position that is none here.</summary>
    public void NoteUnknown(string stream)
    {
        if (_unknown.IsNew())
            logger.PositionUnknown(stream, _channel);
    }

    public void Dispose()
    {
        _overtaken.Dispose();
        _unknown.Dispose();
    }
}
