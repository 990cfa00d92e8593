using System.Reflection;
using Microsoft.Extensions.Logging;
using PgListener.UnitTests;
using PgListener.UnitTests.Configuration;

namespace PgListener.Durable.Tests;

/// <summary>The documents leave nothing out that durable channels can log, measure or be set to.</summary>
public class DocumentTests
{
    /// <summary>What alarms and searches of users are built on. Add to it; never change or remove a line, and never reuse an id.</summary>
    private static readonly (int Id, string Name, LogLevel Level)[] Frozen =
    [
        (600, "Coordinating", LogLevel.Information),
        (601, "CoordinationLost", LogLevel.Warning),
        (602, "CannotCoordinate", LogLevel.Warning),
        (603, "StillNotCoordinating", LogLevel.Debug),
        (604, "SubscriptionRegistered", LogLevel.Information),
        (605, "SubscriptionGone", LogLevel.Warning),
        (606, "SubscriptionPaused", LogLevel.Information),
        (607, "SubscriptionResumed", LogLevel.Information),
        (608, "ShardsChanged", LogLevel.Information),
        (609, "ShardsKept", LogLevel.Warning),
        (610, "ShardLost", LogLevel.Information),
        (611, "RunsLeftBehind", LogLevel.Warning),
        (620, "MessageFailed", LogLevel.Warning),
        (621, "MessageFailedAgain", LogLevel.Debug),
        (622, "MessageDead", LogLevel.Error),
        (623, "Blocked", LogLevel.Error),
        (624, "MessageRecovered", LogLevel.Information),
        (625, "FailedAfterCommit", LogLevel.Warning),
        (626, "WalkFailed", LogLevel.Warning),
        (627, "OvertakenByRetention", LogLevel.Warning),
        (628, "BlockedToo", LogLevel.Error),
        (630, "StreamsWait", LogLevel.Warning),
        (631, "StreamsStillWait", LogLevel.Debug),
        (632, "StreamsGoOn", LogLevel.Information),
        (633, "StreamOvertaken", LogLevel.Information),
        (634, "StreamsOvertakenToo", LogLevel.Information),
        (635, "PositionUnknown", LogLevel.Information),
        (636, "PositionsUnknownToo", LogLevel.Information),
        (640, "WakeUpFailed", LogLevel.Warning),
        (641, "WakeUpsFailedAgain", LogLevel.Warning),
        (642, "SchemaCreated", LogLevel.Information),
        (643, "SchemaNotCreated", LogLevel.Warning),
        (660, "NoPartitions", LogLevel.Information),
        (661, "DayInDefaultPartition", LogLevel.Information),
        (662, "PartitionBusy", LogLevel.Debug),
        (663, "PartitionEmptied", LogLevel.Information),
        (664, "MessagesDeleted", LogLevel.Information),
        (665, "RemovedUnread", LogLevel.Warning),
        (666, "InstancesRemoved", LogLevel.Information),
        (667, "SubscriptionAbandoned", LogLevel.Warning),
        (668, "NotKept", LogLevel.Warning),
        (669, "StillNotKept", LogLevel.Debug),
        (670, "Restored", LogLevel.Warning),
        (671, "SequenceNotRaised", LogLevel.Warning),
        (672, "ResyncFailed", LogLevel.Error),
        (680, "PauseRequested", LogLevel.Information),
        (681, "ResumeRequested", LogLevel.Information),
        (682, "Requeued", LogLevel.Information),
        (683, "ParkedDeleted", LogLevel.Warning),
        (684, "HeadSkipped", LogLevel.Warning),
        (685, "Replayed", LogLevel.Warning),
        (686, "SubscriptionRemoved", LogLevel.Warning),
        (690, "ShardWithoutHolder", LogLevel.Warning),
        (691, "ShardHeldAgain", LogLevel.Information),
        (692, "StillBlocked", LogLevel.Warning),
        (693, "LagAboveBound", LogLevel.Warning),
        (694, "LagBelowBound", LogLevel.Information),
        (695, "WatchFailed", LogLevel.Debug),
    ];

    private static (int Id, string Name, LogLevel Level)[] Events { get; } = LogEvents.Of(typeof(DurableChannelOptions).Assembly);

    [Fact]
    public void Log_events_keep_their_ids_names_and_levels() => Assert.Equal(Frozen, Events);

    [Fact]
    public void Every_log_event_is_explained_with_its_level() => LogEvents.AssertExplained(Events);

    [Fact]
    public void Every_instrument_is_explained_with_its_unit()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs/operations.md"));
        var names = typeof(DurableInstruments).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!).Where(name => name.Contains('.', StringComparison.Ordinal));
        Assert.All(names, name => Assert.Contains(rows, row => row.StartsWith($"| `{name}` | ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(typeof(DurableChannelOptions))]
    [InlineData(typeof(DurableHandlerOptions))]
    public void Every_setting_is_explained(Type options)
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs/durable.md"));
        Assert.All(options.GetProperties(BindingFlags.Public | BindingFlags.Instance), setting => Assert.Contains(rows, row => row.StartsWith($"| `{setting.Name}` | ", StringComparison.Ordinal)));
    }
}
