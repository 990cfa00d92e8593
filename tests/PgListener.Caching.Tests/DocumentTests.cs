using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PgListener.UnitTests;
using PgListener.UnitTests.Configuration;

namespace PgListener.Caching.Tests;

/// <summary>The documents leave nothing out that caches can log, measure or be set to.</summary>
public sealed class DocumentTests
{
    /// <summary>What alarms and searches of users are built on. Add to it; never change or remove a line, and never reuse an id.</summary>
    private static readonly (int Id, string Name, LogLevel Level)[] Frozen =
    [
        (730, "InvalidationsNotSent", LogLevel.Warning),
        (731, "InvalidationsSentAtLast", LogLevel.Information),
        (732, "InvalidationsGivenUp", LogLevel.Error),
        (733, "InvalidationMalformed", LogLevel.Warning),
        (734, "LocalLevelCleared", LogLevel.Information),
        (735, "LocalLevelUnused", LogLevel.Warning),
        (736, "SharedWriteLeft", LogLevel.Warning),
        (737, "SharedLevelCleared", LogLevel.Warning),
        (738, "ConfigurationRead", LogLevel.Information),
        (739, "ConfigurationNotRead", LogLevel.Warning),
        (740, "ConfigurationStillNotRead", LogLevel.Debug),
        (741, "StartedWithLastKnown", LogLevel.Warning),
        (742, "LastKnownNotWritten", LogLevel.Warning),
        (743, "KeysRepeated", LogLevel.Warning),
        (744, "ReactionFailed", LogLevel.Error),
        (745, "TokenCallbacksFailed", LogLevel.Error),
        (748, "RemovalFailed", LogLevel.Warning),
        (749, "RemovedAtLast", LogLevel.Information),
        (750, "BackplaneMessageMalformed", LogLevel.Warning),
        (751, "MemoryLevelExpired", LogLevel.Information),
        (752, "BackplaneNotSubscribed", LogLevel.Error),
        (758, "KeyUnknown", LogLevel.Error),
    ];

    private static (int Id, string Name, LogLevel Level)[] Events { get; }
        = LogEvents.Of(typeof(HybridCacheCoherenceOptions).Assembly, typeof(PgListenerFusionCacheBuilderExtensions).Assembly);

    [Fact]
    public void Log_events_keep_their_ids_names_and_levels() => Assert.Equal(Frozen, Events);

    [Fact]
    public void Every_log_event_is_explained_with_its_level() => LogEvents.AssertExplained(Events);

    [Fact]
    public void Every_instrument_is_explained_with_its_unit()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs/operations.md"));
        string[] names = [.. typeof(HybridCacheInstruments).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!)];
        Assert.All(names.Where(name => name.Contains('.', StringComparison.Ordinal) && name != HybridCacheInstruments.CacheTag), name => Assert.Contains(
            rows, row => row.StartsWith($"| `{name}` |", StringComparison.Ordinal) && names.Any(unit => row.Contains($", `{unit}` |", StringComparison.Ordinal))));
    }

    [Fact]
    public void Every_setting_is_explained()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs/caching.md"));
        Assert.All(typeof(HybridCacheCoherenceOptions).GetProperties(), property => Assert.Contains(rows, row => row.StartsWith($"| `{property.Name}` |", StringComparison.Ordinal)));
    }
}
