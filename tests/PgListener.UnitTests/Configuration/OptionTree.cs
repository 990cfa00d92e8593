using System.Reflection;

namespace PgListener.UnitTests.Configuration;

internal static class OptionTree
{
    /// <summary>All settings with their paths, those of options within options too.</summary>
    public static IEnumerable<(string Path, PropertyInfo Setting)> Of(Type options, string path = "")
        => options.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .SelectMany(setting => setting.PropertyType.IsClass && setting.PropertyType != typeof(string)
                ? Of(setting.PropertyType, $"{path}{setting.Name}:")
                : [(path + setting.Name, setting)]);
}
