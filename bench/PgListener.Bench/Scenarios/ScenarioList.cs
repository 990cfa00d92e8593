namespace PgListener.Bench;

/// <summary>All scenarios, in the order in which they run.</summary>
internal static class ScenarioList
{
    public static IReadOnlyList<IScenario> All { get; } =
    [
        new BurstScenario(),
        new ColdScenario(),
        new LatencyScenario(),
        new WritersScenario(),
        new PublishScenario(),
        new ChangeFeedScenario(),
        new ChannelsScenario(),
        new ChannelBurstScenario(),
        new FanOutScenario(),
        new IdleScenario(),
        new SlowScenario(),
    ];
}
