using System.Globalization;
using System.Text;

namespace PgListener.Bench;

/// <summary>Writes the tables.</summary>
internal static class MarkdownReport
{
    public static string Write(MachineFacts facts, BenchOptions options, IReadOnlyList<Sample> samples)
    {
        var text = new StringBuilder();
        text.AppendLine("# Benchmark").AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{facts}.");
        foreach (var scenario in options.Scenarios)
        {
            List<Sample> own = [.. samples.Where(sample => sample.Scenario == scenario.Name)];
            if (own.Count == 0)
                continue;

            var repetitions = own.Max(sample => sample.Repetition);
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {scenario.Name}").AppendLine();
            text.AppendLine(scenario.Describe(options.Mode));
            text.AppendLine(repetitions == 1 ? "One repetition." : $"{repetitions} repetitions: median (minimum–maximum).").AppendLine();
            AppendTable(text, scenario.Columns, options.CasesOf(scenario), own);
            foreach (var failed in own.Where(sample => sample.Failure is not null))
                text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"**Failed**: {failed.Case}, repetition {failed.Repetition}: {failed.Failure}");
        }

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

        var values = samples.Where(sample => sample.Case == each.Name).Select(Value).OfType<double>().Order().ToList();
        if (values.Count == 0)
            return "–";

        var median = Text((values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2);
        return values.Count == 1 ? median : $"{median} ({Text(values[0])}–{Text(values[^1])})";

        double? Value(Sample sample)
        {
            if (baseline is null)
                return sample[column.Figure] / column.Divisor;
            var compared = samples.Find(other => other.Case == baseline && other.Repetition == sample.Repetition);
            return compared?[column.Figure] is { } divisor and not 0 ? sample[column.Figure] / divisor : null;
        }

        string Text(double value) => value.ToString(column.Format, CultureInfo.InvariantCulture);
    }
}
