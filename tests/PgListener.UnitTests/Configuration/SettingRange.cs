using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.RegularExpressions;

namespace PgListener.UnitTests.Configuration;

/// <summary>The range of a setting, learned from what the validator says of a value that is too small.</summary>
internal sealed partial record SettingRange(string Least, string Most)
{
    /// <summary>The range; <see langword="null"/> for settings that have none.</summary>
    public static SettingRange? Of(PropertyInfo setting)
    {
        var type = Nullable.GetUnderlyingType(setting.PropertyType) ?? setting.PropertyType;
        if (type.GetField("MinValue")?.GetValue(null) is not { } tooSmall)
            return null;

        var options = (IValidatableObject)Activator.CreateInstance(setting.ReflectedType!)!;
        setting.SetValue(options, tooSmall);
        var problem = options.Validate(new(options)).Single(problem => problem.MemberNames.Contains(setting.Name, StringComparer.Ordinal));
        var match = Range().Match(problem.ErrorMessage!);
        return new(match.Groups["least"].Value, match.Groups["most"].Value);
    }

    [GeneratedRegex("must be from (?<least>.+) to (?<most>.+), but is", RegexOptions.None, 1000)]
    private static partial Regex Range();
}
