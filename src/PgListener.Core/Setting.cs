using System.ComponentModel.DataAnnotations;

namespace PgListener;

/// <summary>Checks settings, and describes a wrong one.</summary>
internal static class Setting
{
    public static IEnumerable<ValidationResult> Problems(params ReadOnlySpan<ValidationResult?> results)
    {
        var problems = new List<ValidationResult>();
        foreach (var result in results)
        {
            if (result is not null)
                problems.Add(result);
        }

        return problems;
    }

    public static ValidationResult? InRange<T>(string member, T value, T least, T most)
        where T : IComparable<T>
        => value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0 ? null : Problem(member, $"must be from {least} to {most}, but is {value}");

    /// <summary>The same for a setting that need not be set.</summary>
    public static ValidationResult? InRangeIfSet<T>(string member, T? value, T least, T most)
        where T : struct, IComparable<T>
        => value is { } set ? InRange(member, set, least, most) : null;

    public static ValidationResult? IsDefined<T>(string member, T value)
        where T : struct, Enum
        => Enum.IsDefined(value) ? null : Problem(member, $"must be one of {string.Join(", ", Enum.GetNames<T>())}, but is {value}");

    /// <summary>A prefix of channel names, which need not be set.</summary>
    public static ValidationResult? IsChannelPrefix(string member, string? value)
        => value is not null && ChannelName.ProblemOfPrefix(value) is { } problem ? Problem(member, problem) : null;

    public static ValidationResult Problem(string member, string text) => new($"{member} {text}.", [member]);

    /// <summary>Throws for the caller's argument if any of its settings is wrong.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="parameter">The argument's name.</param>
    /// <param name="whose">Names their owner, if there may be several.</param>
    public static void ThrowIfInvalid(IValidatableObject settings, string parameter, Func<string>? whose = null)
    {
        var problems = settings.Validate(new ValidationContext(settings, parameter, serviceProvider: null, items: null)).Select(problem => problem.ErrorMessage);
        var text = string.Join(" ", problems);
        if (text.Length > 0)
            throw new ArgumentException(whose is null ? text : $"{text} These are settings of {whose()}.", parameter);
    }
}
