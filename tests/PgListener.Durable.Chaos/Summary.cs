using System.Globalization;
using System.Text;
using PgListener.Durable.Chaos.Checks;
using PgListener.Durable.Chaos.Faults;
using PgListener.Durable.Chaos.Logs;

namespace PgListener.Durable.Chaos;

/// <summary>A run in a few lines, and what was wrong with it in more.</summary>
public sealed class Summary
{
    private const int MostTold = 12;

    private readonly ChaosOptions _options;
    private readonly string _server;
    private readonly RunLog _log;
    private readonly CheckResult _result;
    private readonly int _readers;
    private readonly string _printed;

    internal Summary(ChaosOptions options, string server, RunLog log, CheckResult result, int readers, string printed)
        => (_options, _server, _log, _result, _readers, _printed) = (options, server, log, result, readers, printed);

    /// <summary>The promises that were not kept.</summary>
    public IReadOnlyList<Violation> Violations => _result.Violations;

    /// <summary>The kinds of faults that were fired.</summary>
    public IReadOnlySet<FaultKind> FaultKinds => _log.Faults.Select(fault => fault.Kind).ToHashSet();

    /// <summary>How many messages were committed.</summary>
    public int Committed => _log.Written.Count(written => written.Outcome == Outcome.Committed);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        Line($"seed {_options.Seed}, {_options.Duration.TotalSeconds:0} s, {_server}");
        Line($"faults: {string.Join(", ", Enum.GetValues<FaultKind>().Select(kind => $"{kind} {_log.Faults.Count(fault => fault.Kind == kind)}"))}");
        Line($"readers started: {_readers}");
        Line($"published: {Committed} committed, {_log.Written.Count(written => written.Outcome == Outcome.RolledBack)} rolled back");
        foreach (var promise in _log.Promises)
        {
            var effects = _log.Effects.Where(effect => effect.Subscription == promise.Subscription).ToArray();
            var numbers = effects.Select(effect => effect.Number).Distinct().Count();
            Line($"{promise.Subscription}: {numbers} handled, {effects.Length - numbers} again, by {effects.Select(effect => effect.Process).Distinct(StringComparer.Ordinal).Count()} processes");
        }

        Line($"duplicates by cause: {string.Join(", ", _result.Duplicates.Select(cause => $"{cause.Key} {cause.Value}"))}");
        foreach (var rule in Enum.GetValues<Rule>())
            Line($"{rule}: {Violations.Count(violation => violation.Rule == rule)} violations");
        return text.ToString();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The violations: how many of each kind, the first ones of each, and what the readers have printed.</summary>
    public string Complaints()
    {
        var text = new StringBuilder();
        foreach (var kind in Violations.GroupBy(violation => (violation.Rule, violation.Subscription)))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"--- {kind.Key.Rule}, {kind.Key.Subscription}: {kind.Count()} violation(s)");
            foreach (var violation in kind.Take(MostTold))
                text.AppendLine(violation.Text);
        }

        if (Violations.Count > 0)
        {
            foreach (var fault in _log.Faults)
                text.AppendLine(CultureInfo.InvariantCulture, $"{fault.Begun:HH:mm:ss.fff} to {fault.Ended:HH:mm:ss.fff}: {fault.Kind} {fault.Process}");
            text.AppendLine(_printed);
        }

        return text.ToString();
    }
}
