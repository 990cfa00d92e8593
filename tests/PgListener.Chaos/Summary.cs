using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using PgListener.Chaos.Checks;
using PgListener.Chaos.Faults;
using PgListener.Chaos.Logs;

namespace PgListener.Chaos;

/// <summary>A run in a few lines, and what was wrong with it in more.</summary>
public sealed partial class Summary(ChaosOptions options, string server, RunLog log, CheckResult result)
{
    private const int MostTold = 12;

    public IReadOnlyList<Violation> Violations => result.Violations;

    public IReadOnlySet<string> FaultKinds { get; } = log.Faults.Select(fault => fault.Kind).ToHashSet(StringComparer.Ordinal);

    public override string ToString()
    {
        var sent = log.Sent.Values.SelectMany(one => one).ToArray();
        var text = new StringBuilder();
        Line($"seed {options.Seed}, {options.Duration.TotalSeconds:0} s, {server}");
        Line($"faults: {string.Join(", ", Enum.GetValues<FaultKind>().Select(kind => $"{kind} {log.Faults.Count(fault => fault.Kind == kind.ToString())}"))}");
        Line($"sent: {sent.Count(one => one.Outcome == Outcome.Committed)} committed, {sent.Count(one => one.Outcome == Outcome.RolledBack)} rolled back, {sent.Count(one => one.Outcome == Outcome.Unknown)} unknown");
        Line($"subscriptions: {log.Subscriptions.Count} made, {log.Subscriptions.Count(one => one.EndBegun is not null)} ended before the end");
        Line($"reconnects: {result.Reconnects}");
        Line($"causes of lost connections and failed attempts: {Counts(log.Listeners.SelectMany(one => one.Events).Where(one => one.Kind == ListenerEventKind.Lost), CauseOf)}");
        Line($"delivered: {result.Delivered}");
        Line($"lost and announced: {result.LostAndAnnounced}");
        Line($"gaps announced: {string.Join(", ", result.Gaps.Select(gap => $"{gap.Key} {gap.Value}"))}");
        Line($"duplicates: {result.Duplicates}");
        Line($"most memory: {log.Memory.Bytes / 1e6:0} MB");
        Line($"arrivals judged while listening: {result.ArrivalsJudged}");
        Line($"cut connections judged: {result.CutsJudged}");
        Line($"sessions without a proof: {log.Listeners.SelectMany(one => one.Events).Count(one => one.Kind == ListenerEventKind.Unproven)}");
        Line($"overflows judged: {result.OverflowsJudged}");
        Line($"lost outside the announced window: {result.LostOutsideWindow}");
        Line($"lost silently: {result.LostSilently}");
        Line($"innocent overflows: {result.InnocentOverflows}");
        return text.ToString();

        static string Counts<T>(IEnumerable<T> items, Func<T, string> key)
            => string.Join(", ", items.CountBy(key).OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Key} {count.Value}"));

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The server's code, or that it was not the server that said so.</summary>
    private static string CauseOf(ListenerEvent lost) => SqlState().Match(lost.Text) is { Success: true, Value: var code } ? code : "network";

    [GeneratedRegex(@"\b[0-9][0-9A-Z]{4}(?=: )", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex SqlState();

    /// <summary>The violations: how many of each kind, and the first ones of each with their surroundings.</summary>
    public string Complaints()
    {
        var text = new StringBuilder();
        foreach (var kind in result.Violations.GroupBy(violation => violation.Rule))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"--- {kind.Key}: {kind.Count()} violation(s)");
            foreach (var violation in kind.Take(MostTold))
                text.AppendLine(Excerpt.Of(violation, log));
        }

        return text.ToString();
    }
}
