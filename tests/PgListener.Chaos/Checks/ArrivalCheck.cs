using System.Globalization;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>
/// Of the subscriptions of one listener: while its state is to listen, what is sent is given, or a gap is announced, within the
/// time in which the loss of the connection is noticed. Time in which the reading was held up does not count.
/// </summary>
internal sealed class ArrivalCheck
{
    private static readonly TimeSpan Limit = Settings.DetectionLimit + Settings.DetectionTolerance;

    private readonly SubjectLog _listener;
    private readonly RunLog _log;
    private readonly CheckResult _result;
    private readonly List<(DateTimeOffset From, DateTimeOffset To)> _listening;
    private readonly Busy[] _heldTimes;
    private readonly Held _held;

    public ArrivalCheck(SubjectLog listener, RunLog log, CheckResult result)
    {
        (_listener, _log, _result) = (listener, log, result);
        _listening = [.. ListeningTimes()];
        _heldTimes = [.. Held.ByNetwork(listener, log), .. Held.ByNeighbours(listener, log)];
        _held = new(_heldTimes);
    }

    public void Run(SubscriptionLog subscription)
    {
        if (subscription.Given.Count == 0)
            return; // That is for others to judge.

        // One that pauses the reading is among the neighbours.
        var held = subscription.Patience is null && subscription.Busy.Count > 0 ? new Held([.. _heldTimes, .. subscription.Busy]) : _held;
        var sent = _log.Sent[subscription.Channel].FindAll(one => one.Outcome == Outcome.Committed);
        var arrivals = new Arrivals(subscription.Given);
        foreach (var (from, to) in _listening)
        {
            for (var i = Search.First(sent, one => one.Ended >= from && one.Ended > subscription.Given[0].At); i < sent.Count && sent[i].Ended < to; i++)
            {
                var one = sent[i];
                var deadline = held.After(one.Ended, Limit);
                if (deadline > to || subscription.EndBegun < deadline)
                    break;

                _result.ArrivalsJudged++;
                if (arrivals.Of(one) is { } arrived && arrived <= deadline)
                    continue;

                var text = string.Create(CultureInfo.InvariantCulture, $"number {one.Number} was committed at {one.Ended:HH:mm:ss.fff} and neither given nor made up for by a gap until {deadline:HH:mm:ss.fff}, when the state was to listen all the time");
                _result.Add(Rule.ListeningMeansHearing, subscription.Name, deadline, text);
                break; // One for each time says enough.
            }
        }
    }

    /// <summary>From when to when the state was seen to be to listen, with no loss logged.</summary>
    private IEnumerable<(DateTimeOffset From, DateTimeOffset To)> ListeningTimes()
    {
        DateTimeOffset? from = null;
        foreach (var entry in _listener.Events)
        {
            switch (entry.Kind)
            {
                case ListenerEventKind.Listening or ListenerEventKind.State when entry.Kind == ListenerEventKind.Listening || entry.State == ListenerState.Listening:
                    from ??= entry.At;
                    break;
                case ListenerEventKind.State or ListenerEventKind.Lost or ListenerEventKind.StopBegun when from is { } begun:
                    yield return (begun, entry.At);
                    from = null;
                    break;
            }
        }
    }
}
