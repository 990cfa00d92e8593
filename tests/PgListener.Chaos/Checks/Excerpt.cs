using System.Globalization;
using System.Text;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos.Checks;

/// <summary>Tells a violation with what stands around it in the logs.</summary>
internal static class Excerpt
{
    private const int Neighbours = 4;
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(1);

    public static string Of(Violation violation, RunLog log)
    {
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"{violation.Rule}, {violation.Subject}, {violation.At:HH:mm:ss.fff}: {violation.Text}");
        var subscription = log.Subscriptions.FirstOrDefault(one => one.Name == violation.Subject);
        var named = subscription?.Listener ?? log.Listeners.FirstOrDefault(one => one.Name == violation.Subject);
        IReadOnlyList<SubjectLog> listeners = named is null ? log.Listeners : [named];
        List<(DateTimeOffset At, string Line)> lines =
        [
            .. GivenAround(violation.Position, subscription),
            .. listeners.SelectMany(listener => listener.Events.Where(entry => IsNear(entry.At, entry.At)).Select(entry => (entry.At, $"{listener.Name}: {entry.Kind} {(entry.Kind is ListenerEventKind.State or ListenerEventKind.Told ? $"{entry.State} " : "")}{entry.Text}"))),
            .. log.Faults.Where(fault => IsNear(fault.Begun, fault.Ended) && listeners.Any(listener => fault.Touches(listener.Name, log.Listeners))).Select(fault => (fault.Begun, string.Create(CultureInfo.InvariantCulture, $"fault {fault.Kind} {fault.Detail}, until {fault.Ended:HH:mm:ss.fff}"))),
        ];
        foreach (var (at, line) in lines.OrderBy(line => line.At))
            text.AppendLine(CultureInfo.InvariantCulture, $"    {at:HH:mm:ss.fff} {line}");
        return text.ToString();

        bool IsNear(DateTimeOffset begun, DateTimeOffset ended) => ended + Before > violation.At && begun - After < violation.At;
    }

    private static IEnumerable<(DateTimeOffset At, string Line)> GivenAround(int? position, SubscriptionLog? subscription)
    {
        if (subscription is null || position is not { } middle)
            yield break;

        for (var i = Math.Max(0, middle - Neighbours); i < Math.Min(subscription.Given.Count, middle + Neighbours + 1); i++)
        {
            var given = subscription.Given[i];
            var what = given.Resync is { } gap
                ? string.Create(CultureInfo.InvariantCulture, $"{gap.Reason} from {gap.Since:HH:mm:ss.fff} to {gap.Until:HH:mm:ss.fff}, {gap.Dropped} dropped")
                : string.Create(CultureInfo.InvariantCulture, $"number {given.Number}");
            yield return (given.At, $"{(i == middle ? ">>" : "  ")} {subscription.Name} given {what}");
        }
    }
}
