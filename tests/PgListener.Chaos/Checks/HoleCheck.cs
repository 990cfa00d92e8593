using System.Collections;
using System.Globalization;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>
/// Of one subscription: what is missing lies in an announced gap, and what is given was sent, once, in order. What was sent
/// before the first announcement lies in its window, which has no beginning.
/// </summary>
internal sealed class HoleCheck(List<Sent> sent, SubscriptionLog subscription, DateTimeOffset? healedAt, CheckResult result)
{
    private readonly IReadOnlyList<Given> _log = TrueTime.Of(subscription);
    private readonly BitArray _given = new(sent.Count + 1);
    private readonly List<Resync> _announced = [];
    private Given? _repeated;
    private int _last;
    private int _position;

    public void Run()
    {
        for (_position = 0; _position < _log.Count; _position++)
        {
            var given = _log[_position];
            if (given.Resync is { } resync)
            {
                _announced.Add(resync);
                if (given.IsRepeated)
                    _repeated = given;
                result.Gaps[resync.Reason] = result.Gaps.TryGetValue(resync.Reason, out var count) ? count + 1 : 1;
            }
            else
            {
                Take(given);
            }

            if (subscription.Ended is { } ended && given.At > ended + Settings.EndTolerance)
                Complain(Rule.SilentAfterEnd, given.At, $"it was called {(given.At - ended).TotalMilliseconds:0} ms after its end had returned");
        }

        CheckTail();
    }

    private void Take(Given given)
    {
        var number = given.Number;
        if (number < 1 || number > sent.Count || sent[number - 1].Length != given.Length)
        {
            Complain(Rule.WasSent, given.At, $"number {number} with {given.Length} characters was never sent");
            return;
        }

        if (sent[number - 1].Outcome == Outcome.RolledBack)
            Complain(Rule.WasSent, given.At, $"number {number} was given, but its transaction did not commit");
        result.Delivered++;
        if (_given[number])
        {
            result.Duplicates++;
            Complain(Rule.NoDuplicate, given.At, $"number {number} was given before");
            return;
        }

        _given[number] = true;
        if (number < _last)
        {
            Complain(Rule.InOrder, given.At, $"number {number} was given after number {_last}");
            return;
        }

        CheckHole(_last + 1, number - 1, given.At);
        _last = number;
        _announced.Clear();
    }

    /// <summary>Everything between two neighbours in the log is missing.</summary>
    private void CheckHole(int from, int to, DateTimeOffset at)
    {
        var missing = sent.GetRange(from - 1, to - from + 1).FindAll(one => one.Outcome == Outcome.Committed);
        var made = missing.RemoveAll(WasReadAgain);
        result.LostAndAnnounced += made;
        var unsure = sent.GetRange(from - 1, to - from + 1).Count(one => one.Outcome == Outcome.Unknown);
        if (_announced.Count == 0)
        {
            if (missing.Count == 0)
                return;
            result.LostSilently += missing.Count;
            Complain(Rule.Announced, at, $"{Describe(missing)} not given, and nothing was announced between {_last} and {to + 1}");
            return;
        }

        var outside = missing.FindAll(one => !_announced.Exists(gap => IsInside(one, gap)));
        result.LostOutsideWindow += outside.Count;
        result.LostAndAnnounced += missing.Count - outside.Count;
        if (outside.Count > 0)
            Complain(Rule.InsideWindow, at, $"{Describe(outside)} not given, and the windows announced between {_last} and {to + 1} miss them by up to {outside.Max(Distance).TotalMilliseconds:0} ms: {string.Join(", ", _announced.Select(Describe))}");
        if (_repeated is not { Resync: { } repeated } || !_announced.Contains(repeated))
            CheckDropped(missing.Count + made, unsure, at);
    }

    /// <summary>What was committed before a gap could be announced at last, and within its window, was read again then: also what is missing behind it.</summary>
    private bool WasReadAgain(Sent one) => _repeated is { Resync: { } gap } given && one.Ended <= given.At && IsInside(one, gap);

    /// <summary>What was dropped is missing; and with nothing but overflows nothing else is.</summary>
    private void CheckDropped(int missing, int unsure, DateTimeOffset at)
    {
        var dropped = _announced.Sum(gap => gap.Dropped);
        if (dropped > missing + unsure)
            Complain(Rule.DropCount, at, $"{dropped} are said to have been dropped, but between {_last} and the next only {missing} are missing");

        var isMerged = _last == 0 || _announced.Exists(gap => gap.Reason != ResyncReason.Overflow) || Session.Of(subscription.Listener).Exists(HasReconnect);
        if (!isMerged && dropped < missing)
            Complain(Rule.DropCount, at, $"{dropped} are said to have been dropped, but between {_last} and the next {missing} are missing, and there was no other cause");

        bool HasReconnect(Session session) => _announced.Exists(gap => session.At >= gap.Since - Settings.ClockTolerance && session.After <= gap.Until + Settings.ClockTolerance);
    }

    /// <summary>One that was kept to the end is given something soon after the last fault, and then the very last.</summary>
    private void CheckTail()
    {
        if (subscription.EndBegun is not null || healedAt is not { } healed)
            return;

        var first = _log.FirstOrDefault(given => given.Number > 0 && given.Number <= sent.Count && sent[given.Number - 1].Begun >= healed);
        if (first.Number == 0)
            Complain(Rule.Recovers, healed, "nothing that was sent after the last fault was given");
        else if (first.At - healed > Settings.RecoveryLimit)
            Complain(Rule.Recovers, first.At, $"the first that was sent after the last fault was given {(first.At - healed).TotalSeconds:0.0} s after it");

        var missing = sent.FindAll(one => one.Number > _last && one.Outcome == Outcome.Committed);
        if (first.Number == 0 || missing.Count == 0)
            return;
        result.LostSilently += missing.Count;
        Complain(Rule.Recovers, _log[^1].At, $"{Describe(missing)} not given at the end, when nothing was wrong any more");
    }

    private static bool IsInside(Sent one, Resync gap)
        => (gap.Since is not { } since || one.Ended >= since - Settings.ClockTolerance) && one.Begun <= gap.Until + Settings.ClockTolerance;

    private TimeSpan Distance(Sent one)
        => _announced.Min(gap => one.Begun > gap.Until ? one.Begun - gap.Until : gap.Since is { } since && one.Ended < since ? since - one.Ended : TimeSpan.Zero);

    private static string Describe(List<Sent> missing)
    {
        var (first, last) = (missing[0], missing[^1]);
        var which = missing.Count == 1 ? $"number {first.Number} was" : $"{missing.Count} numbers from {first.Number} to {last.Number} were";
        return string.Create(CultureInfo.InvariantCulture, $"{which} committed from {first.Begun:HH:mm:ss.fff} to {last.Ended:HH:mm:ss.fff} and");
    }

    private static string Describe(Resync gap)
        => string.Create(CultureInfo.InvariantCulture, $"{gap.Reason} from {gap.Since:HH:mm:ss.fff} to {gap.Until:HH:mm:ss.fff}, {gap.Dropped} dropped");

    private void Complain(Rule rule, DateTimeOffset at, string text) => result.Add(rule, subscription.Name, at, text, _position);
}
