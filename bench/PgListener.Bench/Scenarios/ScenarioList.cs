namespace PgListener.Bench;

/// <summary>All scenarios, in the order in which they run.</summary>
internal static class ScenarioList
{
    public static IReadOnlyList<IScenario> All { get; } =
    [
        new BurstScenario(),
        new ColdScenario(),
        new StartupScenario(),
        new LatencyScenario(),
        new WritersScenario(),
        new TracingScenario(),
        new PublishScenario(),
        new PublishRowScenario(),
        new ChangeFeedScenario(),
        new ChannelsScenario(),
        new ChannelBurstScenario(),
        new FanOutScenario(),
        new ListenersScenario(),
        new ReadersScenario(),
        new EventStreamsScenario(),
        new IdleScenario(),
        new SlowScenario(),
        new CacheScenario(),
    ];
}
