using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PgListener.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchOptions
{
    public static readonly string Usage = $"""
        Usage: PgListener.Bench [quick|full] [--scenario name[,name]] [--consumer name[,name]] [--repetitions N] [--output folder]
        Scenarios: {string.Join(", ", ScenarioList.All.Select(scenario => scenario.Name))}
        """;

    public RunMode Mode { get; private init; }

    public IReadOnlyList<IScenario> Scenarios { get; private init; } = ScenarioList.All;

    /// <summary>Which consumers take part; <see langword="null"/> for all. What is compared with one that does not is left out.</summary>
    public IReadOnlyList<string>? Consumers { get; private init; }

    /// <summary>Replaces the number that each scenario has for the mode.</summary>
    public int? Repetitions { get; private init; }

    public string? Output { get; private init; }

    public int RepetitionsOf(IScenario scenario) => Repetitions ?? scenario.Repetitions(Mode);

    /// <summary>The rows of a scenario that take part.</summary>
    public IReadOnlyList<BenchCase> CasesOf(IScenario scenario)
        => [.. scenario.Cases(Mode).Where(each => Consumers?.Contains(each.Consumer, StringComparer.Ordinal) != false)];

    public static bool TryParse(IReadOnlyList<string> args, [NotNullWhen(true)] out BenchOptions? options, [NotNullWhen(false)] out string? problem)
    {
        options = new();
        for (var i = 0; i < args.Count; i++)
        {
            var next = args[i].StartsWith("--", StringComparison.Ordinal) && i + 1 < args.Count ? args[++i] : null;
            options = (args[next is null ? i : i - 1], next) switch
            {
                ("quick", null) => options with { Mode = RunMode.Quick },
                ("full", null) => options with { Mode = RunMode.Full },
                ("--scenario", { } names) when Find(names) is { } scenarios => options with { Scenarios = scenarios },
                ("--consumer", { } names) => options with { Consumers = names.Split(',') },
                ("--repetitions", { } text) when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                    => options with { Repetitions = number },
                ("--output", { } folder) => options with { Output = folder },
                _ => null,
            };
            if (options is null)
            {
                problem = $"Not understood: {string.Join(' ', args.Skip(next is null ? i : i - 1))}";
                return false;
            }
        }

        problem = null;
        return true;
    }

    private static IReadOnlyList<IScenario>? Find(string names)
    {
        var wanted = names.Split(',');
        return Array.TrueForAll(wanted, name => ScenarioList.All.Any(scenario => scenario.Name == name))
            ? [.. ScenarioList.All.Where(scenario => wanted.Contains(scenario.Name, StringComparer.Ordinal))]
            : null;
    }
}
