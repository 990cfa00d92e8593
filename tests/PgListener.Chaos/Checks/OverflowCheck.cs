using System.Globalization;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>
/// Of one subscription that may hold up the reading for long: it overflows, and has something dropped, only if it was itself busy
/// for about as long as that. What its neighbours do is no reason.
/// </summary>
internal static class OverflowCheck
{
    public static void Run(SubscriptionLog subscription, CheckResult result)
    {
        if (subscription.Patience is not { } patience || patience < Settings.LeastPatience)
            return;

        for (var position = 0; position < subscription.Given.Count; position++)
        {
            var given = subscription.Given[position];
            if (given.Resync is not { } resync || (resync.Reason != ResyncReason.Overflow && resync.Dropped == 0))
                continue;

            var from = given.At - patience - Settings.GuiltMemory;
            if (subscription.Listener.Events.Any(entry => entry.Kind is ListenerEventKind.StartBegun or ListenerEventKind.StopBegun && entry.At >= from && entry.At <= given.At))
                continue; // Between a start and the beginning of dispatch nothing is taken from a queue.

            result.OverflowsJudged++;
            var busy = subscription.Busy.Aggregate(TimeSpan.Zero, (sum, one) => sum + one.Within(from, given.At));
            if (busy >= patience * Settings.GuiltTolerance)
                continue;

            result.InnocentOverflows++;
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"it was told of an overflow with {resync.Dropped} dropped, but had been busy for {busy.TotalSeconds:0.0} s only, and may hold up the reading for {patience.TotalSeconds:0.0} s");
            result.Add(Rule.OnlyTheGuiltyOverflow, subscription.Name, given.At, text, position);
        }
    }
}
