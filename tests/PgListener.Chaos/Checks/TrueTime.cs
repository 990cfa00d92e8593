using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>
/// Turns windows that a listener told by its own clock into true time. Where its clock was set within a window, nothing is
/// known of when that began: the window may be told as empty then.
/// </summary>
/// <remarks>Exact, as long as the run is shorter than the clock is wrong.</remarks>
internal static class TrueTime
{
    private static readonly TimeSpan Unknown = TimeSpan.FromDays(1);

    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private readonly record struct Period(DateTimeOffset From, DateTimeOffset To, TimeSpan Offset);

    /// <summary>What a subscription was given, with the windows in true time.</summary>
    public static IReadOnlyList<Given> Of(SubscriptionLog subscription)
    {
        var events = subscription.Listener.Events;
        var settings = events.Where(entry => entry.Kind == ListenerEventKind.ClockSet).ToArray();
        if (settings.Length == 0)
            return subscription.Given;

        Period[] periods =
        [
            new(events[0].At - Margin, settings[0].At, TimeSpan.Zero),
            .. settings.Select((setting, index) => new Period(setting.At, index + 1 < settings.Length ? settings[index + 1].At : events[^1].At + Margin, setting.Offset)),
        ];
        return [.. subscription.Given.Select(given => given.Resync is { } resync ? given with { Resync = Translate(resync, given.At, periods) } : given)];
    }

    private static Resync Translate(Resync told, DateTimeOffset at, Period[] periods)
    {
        var until = Translate(told.Until, periods) ?? told.Until - periods.Last(period => period.From <= at).Offset;
        DateTimeOffset? since = null;
        if (told.Since is { } from)
            since = from != told.Until && Translate(from, periods) is { } begun && begun <= until && !IsSetWithin(begun, until, periods) ? begun : until - Unknown;
        return new(told.Channel, told.Reason, since, until, told.Dropped);
    }

    private static DateTimeOffset? Translate(DateTimeOffset told, Period[] periods)
    {
        foreach (var period in periods)
        {
            var at = told - period.Offset;
            if (at >= period.From - Settings.ClockTolerance && at <= period.To + Settings.ClockTolerance)
                return at;
        }

        return null;
    }

    private static bool IsSetWithin(DateTimeOffset from, DateTimeOffset to, Period[] periods)
        => Array.Exists(periods, period => period.From >= from - Settings.ClockTolerance && period.From <= to + Settings.ClockTolerance);
}
