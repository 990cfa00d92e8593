using System.Globalization;
using System.Reflection;
using PgListener.Registration;

namespace PgListener.UnitTests.Configuration;

/// <summary>What the documents say of settings is what the code says.</summary>
public class DocumentationTests
{
    [Theory]
    [InlineData("## Settings", typeof(PgListenerOptions))]
    [InlineData("## Settings of a handler", typeof(HandlerOptions))]
    public async Task Every_setting_is_there_with_its_default_its_range_and_when_a_change_applies(string heading, Type options)
    {
        var lines = await File.ReadAllLinesAsync(Repository.PathOf("docs/configuration.md"), TestContext.Current.CancellationToken);
        var table = lines.SkipWhile(line => line != heading).SkipWhile(line => !line.StartsWith("| `", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|'));
        var actual = table.Select(line => string.Join(" | ", line.Split('|').Skip(1).Take(4).Select(cell => cell.Trim()))).ToArray();
        var expected = OptionTree.Of(options).Select(Row).ToArray();
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
    }

    private static string Row((string Path, PropertyInfo Setting) row)
    {
        var (path, setting) = row;
        var @default = Convert.ToString(setting.GetValue(Activator.CreateInstance(setting.ReflectedType!)), CultureInfo.InvariantCulture);
        var range = SettingRange.Of(setting) is { } found ? $"{Bound(found.Least)} to {Bound(found.Most)}" : "";
        var needsRestart = KnownSettings.OfListener.SingleOrDefault(known => known.Name == path)?.NeedsRestart == true && setting.ReflectedType != typeof(HandlerOptions);
        return $"`{path}` | {(string.IsNullOrEmpty(@default) ? "not set" : $"`{@default}`")} | {range} | {(needsRestart ? "after a restart" : "at once")}";

        // A bound that is another setting's value, which the documentation of this one names.
        string Bound(string text)
        {
            var other = XmlDocs.NamedInRangeOf(setting).FirstOrDefault(name => Convert.ToString(setting.ReflectedType!.GetProperty(name)?.GetValue(Activator.CreateInstance(setting.ReflectedType!)), CultureInfo.InvariantCulture) == text);
            return $"`{other ?? text}`";
        }
    }
}
