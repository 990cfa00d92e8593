using System.Reflection;
using Microsoft.Extensions.Logging;

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
}
