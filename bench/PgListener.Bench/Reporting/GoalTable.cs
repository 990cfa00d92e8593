using System.Globalization;
using System.Text;

namespace PgListener.Bench;

/// <summary>Writes each goal with what was reached.</summary>
internal static class GoalTable
{
    public static void Append(StringBuilder text, IReadOnlyList<Plan> plans, IReadOnlyList<Sample> samples)
    {
        if (!plans.Any(plan => plan.Scenario.Goals.Count > 0))
            return;

        text.AppendLine().AppendLine("## Goals").AppendLine();
        text.AppendLine("The median of the repetitions, with minimum and maximum.").AppendLine();
        text.AppendLine("| | goal | reached | |");
        text.AppendLine("|---|---:|---:|---|");
        foreach (var plan in plans)
        {
            List<Sample> own = [.. samples.Where(sample => sample.Scenario == plan.Scenario.Name)];
            foreach (var goal in plan.Scenario.Goals)
                AppendGoal(text, plan, goal, own);
        }
    }

    private static void AppendGoal(StringBuilder text, Plan plan, Goal goal, List<Sample> samples)
    {
        var series = Series.Of(samples, goal.Case, goal.Figure, goal.Baseline, goal.Compare);
        var (reached, verdict) = series is null ? ("–", WhyNot(plan, goal)) : (series.Write(Write), goal.IsReached(series) ? "yes" : "**no**");
        var spread = goal.Spread is { } most ? string.Create(CultureInfo.InvariantCulture, $", spread ≤ {most}") : "";
        text.AppendLine(CultureInfo.InvariantCulture, $"| `{plan.Scenario.Name}`: {goal.What} | {(goal.IsAtLeast ? "≥" : "≤")} {Write(goal.Limit)}{spread} | {reached} | {verdict} |");
    }

    private static string WhyNot(Plan plan, Goal goal)
    {
        var reason = plan.Skips.FirstOrDefault(skip => goal.Case == skip.Consumer || goal.Baseline == skip.Consumer)?.Reason;
        return reason is null ? "not in this run" : $"not measured: {reason}";
    }

    private static string Write(double value) => value.ToString(Math.Abs(value) >= 20 ? "0" : "0.00", CultureInfo.InvariantCulture);
}
