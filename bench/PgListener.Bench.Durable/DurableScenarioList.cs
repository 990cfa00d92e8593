namespace PgListener.Bench;

/// <summary>All scenarios of durable channels, in the order in which they run.</summary>
internal static class DurableScenarioList
{
    public static IReadOnlyList<IScenario> Create(DurableSize size) =>
    [
        new DurableDrainScenario(size),
        new DurableLatencyScenario(size),
        new DurablePublishScenario(size),
        new DurableHorizonScenario(size),
        new DurableTakeoverScenario(),
        new DurableScaleScenario(size),
        new DurableIdleScenario(size),
    ];
}
