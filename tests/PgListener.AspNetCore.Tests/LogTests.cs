using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace PgListener.AspNetCore.Tests;

public sealed class LogTests
{
    /// <summary>What alarms and searches of users are built on. Add to it; never change or remove a line, and never reuse an id.</summary>
    private static readonly (int Id, string Name, LogLevel Level)[] Frozen =
    [
        (410, "PageRefused", LogLevel.Warning),
        (411, "AuthorizationMissing", LogLevel.Warning),
        (412, "LookFailed", LogLevel.Warning),
        (413, "AccessUnknown", LogLevel.Warning),
        (700, "Acted", LogLevel.Information),
        (701, "ActFailed", LogLevel.Warning),
        (702, "DurableLookFailed", LogLevel.Warning),
        (703, "ActionsPolicyMissing", LogLevel.Warning),
        (746, "EvictionFailed", LogLevel.Warning),
        (747, "EvictedAtLast", LogLevel.Information),
        (759, "TagsUnknown", LogLevel.Error),
    ];

    [Fact]
    public void Events_keep_their_ids_names_and_levels()
        => Assert.Equal(Frozen, EventsOf(typeof(PgListenerEndpointRouteBuilderExtensions)));

    [Fact]
    public void No_other_package_has_their_ids_or_names()
    {
        var others = EventsOf(typeof(Listener)).Concat(EventsOf(typeof(IPgListener))).Concat(EventsOf(typeof(IDurableChannels))).ToArray();
        Assert.NotEmpty(others);
        Assert.Empty(Frozen.Select(entry => entry.Id).Intersect(others.Select(entry => entry.Id)));
        Assert.Empty(Frozen.Select(entry => entry.Name).Intersect(others.Select(entry => entry.Name), StringComparer.Ordinal));
    }

    [Fact]
    public async Task Operations_explains_each_of_them()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PgListener.sln")))
            folder = folder.Parent!;
        var rows = await File.ReadAllLinesAsync(Path.Combine(folder.FullName, "docs", "operations.md"), TestContext.Current.CancellationToken);

        Assert.All(Frozen, entry => Assert.Contains(
            rows, row => row.StartsWith(string.Create(CultureInfo.InvariantCulture, $"| {entry.Id} | {entry.Name}, {entry.Level.ToString().ToLowerInvariant()} | "), StringComparison.Ordinal)));
    }

    private static IEnumerable<(int Id, string Name, LogLevel Level)> EventsOf(Type type)
        => type.Assembly.GetTypes()
            .SelectMany(one => one.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (method.Name, Event: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(method => method.Event is not null)
            .Select(method => (method.Event!.EventId, method.Event.EventName ?? method.Name, method.Event.Level))
            .OrderBy(entry => entry.EventId);
}
