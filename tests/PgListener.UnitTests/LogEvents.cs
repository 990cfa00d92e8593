using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using PgListener.UnitTests.Configuration;

namespace PgListener.UnitTests;

/// <summary>The log events that assemblies have.</summary>
internal static class LogEvents
{
    /// <summary>All of them, in the order of the ids.</summary>
    public static (int Id, string Name, LogLevel Level)[] Of(params Assembly[] assemblies) =>
    [.. assemblies
        .SelectMany(assembly => assembly.GetTypes())
        .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Select(method => (method.Name, Event: method.GetCustomAttribute<LoggerMessageAttribute>()))
        .Where(method => method.Event is not null)
        .Select(method => (method.Event!.EventId, method.Event.EventName ?? method.Name, method.Event.Level))
        .OrderBy(entry => entry.EventId)];

    /// <summary>Asserts that docs/operations.md has a row for each, with its name and level.</summary>
    public static void AssertExplained(IEnumerable<(int Id, string Name, LogLevel Level)> events)
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs/operations.md"));
        Assert.All(events, entry => Assert.Contains(
            rows, row => row.StartsWith(string.Create(CultureInfo.InvariantCulture, $"| {entry.Id} | {entry.Name}, {entry.Level.ToString().ToLowerInvariant()} | "), StringComparison.Ordinal)));
    }
}
