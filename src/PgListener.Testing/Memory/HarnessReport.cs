using System.Globalization;
using System.Text;

namespace PgListener.Testing.Memory;

/// <summary>Describes the state of the application for the message of a <see cref="TimeoutException"/>.</summary>
internal sealed class HarnessReport
{
    private const int MostFailures = 10;

    private readonly StringBuilder _text = new();

    /// <param name="problem">The first sentence of the message.</param>
    public HarnessReport(string problem) => _text.Append(problem);

    /// <summary>Adds the handlers and callbacks of channels, with their counts.</summary>
    public HarnessReport WithSubscriptions(MemoryLine line, IReadOnlyCollection<string> channels, CallLog calls)
    {
        if (line.Parts is not { } parts)
            return this;

        foreach (var subscription in parts.Channels.All.Where(subscription => !subscription.IsReader && subscription.Channel is { } channel && channels.Contains(channel, StringComparer.Ordinal)))
        {
            var figures = subscription.Statistics;
            var handled = calls.CountOf(new(line.Listener, subscription.Channel!, figures.Name, subscription.Counters, Gap: null));
            Line($"{figures.Name}{Of(line)}: received {figures.Received}, handled {handled}, failed {figures.Failed}, queued or in progress {figures.Queued}, dropped {figures.Dropped}, replaced by newer ones {subscription.Counters.Replaced}.");
        }

        return this;
    }

    /// <summary>Adds calls that have failed.</summary>
    public HarnessReport WithFailures(IReadOnlyCollection<HandlerCall> failures)
    {
        foreach (var call in failures.Take(MostFailures))
            Line($"Failed: {call.Handler} on channel '{call.Channel}'{(call.Resync is { } resync ? $", for a gap ({resync.Reason})" : "")}: {call.Exception!.GetType()}: {call.Exception.Message}");
        if (failures.Count > MostFailures)
            Line($"Failed: {failures.Count - MostFailures} more.");
        return this;
    }

    /// <summary>Adds the state of a listener, and what pauses its reading.</summary>
    public HarnessReport WithState(MemoryLine line)
    {
        if (line.Parts is not { } parts)
        {
            Line($"The listener{Of(line)} is not started.");
            return this;
        }

        var status = parts.Owner.State.Status;
        Line($"The listener{Of(line)} is in state {status.State}{(status.Problem is { } problem ? $": {problem}" : ".")}");
        if (parts.Backpressure.IsOn)
            Line($"Reading is paused because the queue of a handler or callback is full ({nameof(ListenerOptions.QueueCapacity)}).");
        if (parts.Time != TimeProvider.System)
            Line($"Its clock is a {parts.Time.GetType().Name}: waits for time end only when the test advances that clock.");
        return this;
    }

    /// <summary>Adds the number of published notifications of each channel.</summary>
    public HarnessReport WithPublished(IEnumerable<Notification> published)
    {
        foreach (var channel in published.GroupBy(notification => notification.Channel, StringComparer.Ordinal))
            Line($"The application has published {channel.Count()} on channel '{channel.Key}'.");
        return this;
    }

    /// <summary>A time limit as text.</summary>
    public static string Text(TimeSpan limit) => FormattableString.Invariant($"{limit.TotalSeconds:0.###} s");

    public override string ToString() => _text.ToString();

    private static string Of(MemoryLine line) => line.Listener.Length == 0 ? "" : $" of listener '{line.Listener}'";

    private void Line(FormattableString text) => _text.AppendLine().Append("  ").Append(text.ToString(CultureInfo.InvariantCulture));
}
