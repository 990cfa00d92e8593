using System.Reflection;

namespace PgListener.UnitTests.Configuration;

internal static class OptionTree
{
    /// <summary>What comes from the host and the registration, and so is in no section.</summary>
    private static readonly string[] HostGiven =
        [nameof(ListenerOptions.Name), nameof(ListenerOptions.LoggerFactory), nameof(ListenerOptions.TimeProvider), nameof(ListenerOptions.MeterFactory)];

    /// <summary>What a section can set of these options.</summary>
    public static IEnumerable<PropertyInfo> SettingsOf(Type options)
        => options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => !HostGiven.Contains(property.Name, StringComparer.Ordinal));

    /// <summary>All settings with their paths, those of options within options too.</summary>
    public static IEnumerable<(string Path, PropertyInfo Setting)> Of(Type options, string path = "")
        => SettingsOf(options)
            .SelectMany(setting => setting.PropertyType.IsClass && setting.PropertyType != typeof(string)
                ? Of(setting.PropertyType, $"{path}{setting.Name}:")
                : [(path + setting.Name, setting)]);
}
