using System.Globalization;
using System.Text;

namespace PgListener.Bench;

/// <summary>Writes the tables.</summary>
internal static class MarkdownReport
{
    public static string Write(MachineFacts facts, RunMode mode, IReadOnlyList<Plan> plans, IReadOnlyList<Sample> samples)
    {
        var text = new StringBuilder();
        text.AppendLine("# Benchmark").AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{facts}.");
        foreach (var plan in plans)
        {
            var scenario = plan.Scenario;
            List<Sample> own = [.. samples.Where(sample => sample.Scenario == scenario.Name)];
            if (own.Count == 0)
                continue;

            var repetitions = own.Max(sample => sample.Repetition);
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {scenario.Name}").AppendLine();
            text.AppendLine(scenario.Describe(mode));
            text.AppendLine(repetitions == 1 ? "One repetition." : $"{repetitions} repetitions: median (minimum–maximum).").AppendLine();
            AppendTable(text, scenario.Columns, plan.Cases, own);
            foreach (var failed in own.Where(sample => sample.Failure is not null))
                text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"**Failed**: {failed.Case}, repetition {failed.Repetition}: {failed.Failure}");
        }

        AppendSkips(text, mode, plans);
        if (mode == RunMode.Full)
            GoalTable.Append(text, plans, samples);
        return text.ToString();
    }

    private static void AppendTable(StringBuilder text, IReadOnlyList<Column> columns, IReadOnlyList<BenchCase> cases, List<Sample> samples)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"| consumer | {string.Join(" | ", columns.Select(column => column.Title))} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(columns.Select(_ => "---:|"))}");
        foreach (var each in cases)
            text.AppendLine(CultureInfo.InvariantCulture, $"| {each.Name} | {string.Join(" | ", columns.Select(column => Cell(column, each, samples)))} |");
    }

    private static string Cell(Column column, BenchCase each, List<Sample> samples)
    {
        var baseline = column.Baseline?.Invoke(each);
        if (column.Baseline is not null && (baseline is null || baseline == each.Name))
            return "";

        var divisor = baseline is null ? column.Divisor : 1;
        return Series.Of(samples, each.Name, column.Figure, baseline, Series.Ratio)?.Write(value => (value / divisor).ToString(column.Format, CultureInfo.InvariantCulture)) ?? "–";
    }

    private static void AppendSkips(StringBuilder text, RunMode mode, IReadOnlyList<Plan> plans)
    {
        if (plans.All(plan => plan.Skips.Count == 0))
        {
            if (mode == RunMode.Full)
                text.AppendLine().AppendLine("No consumer was skipped.");
            return;
        }

        text.AppendLine().AppendLine("## Skipped").AppendLine();
        foreach (var plan in plans)
        {
            foreach (var skip in plan.Skips)
                text.AppendLine(CultureInfo.InvariantCulture, $"- `{plan.Scenario.Name}`, `{skip.Consumer}`: {skip.Reason}.");
        }
    }
}
