using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PgListener.UnitTests;

/// <summary>docs/operations.md leaves nothing out that the library can say.</summary>
public sealed class OperationsDocTests
{
    private static readonly string Document = File.ReadAllText(Find(Path.Combine("docs", "operations.md")));

    [Fact]
    public void Every_log_event_is_explained_with_its_level()
    {
        var rows = Document.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).ToArray();
        Assert.All(LogTests.Events, entry => Assert.Contains(
            rows, row => row.StartsWith(string.Create(CultureInfo.InvariantCulture, $"| {entry.Id} | {entry.Name}, {entry.Level.ToString().ToLowerInvariant()} | "), StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_instrument_is_explained_with_its_unit()
    {
        var rows = Document.Split('\n');
        Assert.All(ConstantsOf(typeof(PgListenerInstruments)).Where(name => name.Contains('.', StringComparison.Ordinal)), name => Assert.Contains(
            rows, row => row.StartsWith("| `", StringComparison.Ordinal) && row.Contains($"`{name}`", StringComparison.Ordinal) && ConstantsOf(typeof(PgListenerInstruments)).Any(unit => row.Contains($", `{unit}` |", StringComparison.Ordinal))));
    }

    [Fact]
    public void Every_tag_and_value_is_explained()
        => Assert.All(ConstantsOf(typeof(PgListenerTags)).Where(name => name != PgListenerTags.OperationType), name => Assert.Contains($"`{name}`", Document, StringComparison.Ordinal));

    [Fact]
    public void Every_state_of_health_is_explained()
        => Assert.All(Enum.GetNames<HealthStatus>(), name => Assert.Contains($"\n| {name.ToLowerInvariant()}", Document, StringComparison.Ordinal));

    private static IEnumerable<string> ConstantsOf(Type type)
        => type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!);

    /// <summary>Finds a file of the repository, from where the tests were built within it.</summary>
    private static string Find(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, path)))
            folder = folder.Parent ?? throw new FileNotFoundException(path);
        return Path.Combine(folder.FullName, path);
    }
}
