using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace PgListener.Telemetry;

/// <summary>The metrics and spans of one publisher.</summary>
internal sealed class PublisherTelemetry : IDisposable
{
    private readonly Meter? _ownMeter;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Counter<long> _sent;
    private readonly Histogram<double> _duration;
    private volatile bool _disposed;

    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">Creates and owns the meter; without one, the publisher has a meter of its own.</param>
    /// <param name="name">The publisher's name; empty for one without.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs observers that fail.</param>
    public PublisherTelemetry(IMeterFactory? factory, string name, TimeProvider time, ILogger logger)
    {
        _name = name;
        _time = time;
        _logger = logger;
        var meter = MeterSource.Of(factory);
        _ownMeter = factory is null ? meter : null;
        _sent = meter.CreateCounter<long>(PgListenerInstruments.SentMessages, PgListenerInstruments.MessageUnit, "Notifications a publisher sent, or tried to.");
        _duration = meter.CreateHistogram(
            PgListenerInstruments.OperationDuration, PgListenerInstruments.SecondUnit, "How long a publish took until its commit.", tags: null, MeterSource.Durations);
    }

    /// <summary>Whether metrics or traces are collected. If not, a publish need not use <see cref="SendAsync"/>.</summary>
    public bool IsObserved => Tracing.IsOn || _sent.Enabled || _duration.Enabled;

    /// <summary>Stops reporting.</summary>
    public void Dispose()
    {
        _disposed = true;
        _ownMeter?.Dispose(); // The meter of a factory is shared.
    }

    /// <summary>Runs a publish within its span and counts it.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="count">How many notifications it sends.</param>
    /// <param name="server">The server as <c>host:port</c>, if it is known.</param>
    /// <param name="send">Sends. Its argument is the context to put into the payloads with <see cref="TraceContext.Inject"/>: that of the span, or the current one if spans are not collected here.</param>
    public async Task SendAsync(string channel, int count, string? server, Func<ActivityContext, Task> send)
    {
        var started = _time.GetTimestamp();
        var activity = Start(channel, count, server);
        string? error = null;
        try
        {
            await send((activity ?? Activity.Current)?.Context ?? default).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = ErrorType.Of(e);
            throw;
        }
        finally
        {
            Report(activity, channel, count, error, _time.GetElapsedTime(started));
        }
    }

    private Activity? Start(string channel, int count, string? server)
    {
        try
        {
            return Tracing.StartSend(channel, count, _name, server);
        }
        catch (Exception e)
        {
            _logger.TelemetryFailed(e); // An observer of traces must not keep anything from being sent.
            return null;
        }
    }

    private void Report(Activity? activity, string channel, int count, string? error, TimeSpan took)
    {
        try
        {
            Tracing.End(activity, error);
            if (!_disposed)
                Record(channel, count, error, took);
        }
        catch (Exception e)
        {
            _logger.TelemetryFailed(e); // An observer of metrics or traces must not make a committed publish fail.
        }
    }

    private void Record(string channel, int count, string? error, TimeSpan took)
    {
        var tags = error is null
            ? SubscriptionTags.Of(_name, channel, subscription: null, PgListenerTags.Send)
            : SubscriptionTags.Of(_name, channel, subscription: null, PgListenerTags.Send, new Tag(PgListenerTags.ErrorType, error));
        _sent.Add(count, tags);
        _duration.Record(took.TotalSeconds, tags);
    }
}
