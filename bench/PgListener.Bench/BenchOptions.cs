using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PgListener.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchOptions
{
    public RunMode Mode { get; private init; }

    public required IReadOnlyList<IScenario> Scenarios { get; init; }

    /// <summary>Which consumers take part; <see langword="null"/> for all. What is compared with one that does not is left out.</summary>
    public IReadOnlyList<string>? Consumers { get; private init; }

    /// <summary>Which consumers do not.</summary>
    public IReadOnlyList<string> Without { get; private init; } = [];

    /// <summary>Replaces the number that each scenario has for the mode.</summary>
    public int? Repetitions { get; private init; }

    public string? Output { get; private init; }

    public int RepetitionsOf(IScenario scenario) => Repetitions ?? scenario.Repetitions(Mode);

    /// <summary>The rows of a scenario that take part.</summary>
    public IReadOnlyList<BenchCase> CasesOf(IScenario scenario)
        => [.. scenario.Cases(Mode).Where(each => Takes(each.Consumer))];

    /// <param name="program">The program's name.</param>
    /// <param name="scenarios">All scenarios that it has.</param>
    public static string Usage(string program, IReadOnlyList<IScenario> scenarios) => $"""
        Usage: {program} [quick|full] [--scenario name[,name]] [--consumer name[,name]] [--without name[,name]] [--repetitions N] [--output folder]
        Scenarios: {string.Join(", ", scenarios.Select(scenario => scenario.Name))}
        Consumers: {string.Join(", ", scenarios.SelectMany(scenario => scenario.Cases(RunMode.Full)).Select(each => each.Consumer).Distinct())}
        """;

    public static bool TryParse(IReadOnlyList<string> args, IReadOnlyList<IScenario> scenarios, [NotNullWhen(true)] out BenchOptions? options, [NotNullWhen(false)] out string? problem)
    {
        options = new() { Scenarios = scenarios };
        for (var i = 0; i < args.Count; i++)
        {
            var next = args[i].StartsWith("--", StringComparison.Ordinal) && i + 1 < args.Count ? args[++i] : null;
            options = (args[next is null ? i : i - 1], next) switch
            {
                ("quick", null) => options with { Mode = RunMode.Quick },
                ("full", null) => options with { Mode = RunMode.Full },
                ("--scenario", { } names) when Find(names, scenarios) is { } found => options with { Scenarios = found },
                ("--consumer", { } names) => options with { Consumers = names.Split(',') },
                ("--without", { } names) => options with { Without = names.Split(',') },
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

    private bool Takes(string consumer)
        => Consumers?.Contains(consumer, StringComparer.Ordinal) != false && !Without.Contains(consumer, StringComparer.Ordinal);

    private static IReadOnlyList<IScenario>? Find(string names, IReadOnlyList<IScenario> all)
    {
        var wanted = names.Split(',');
        return Array.TrueForAll(wanted, name => all.Any(scenario => scenario.Name == name))
            ? [.. all.Where(scenario => wanted.Contains(scenario.Name, StringComparer.Ordinal))]
            : null;
    }
}
