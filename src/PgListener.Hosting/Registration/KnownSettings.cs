namespace PgListener.Registration;

/// <summary>Every setting there is, and whether a change of it is applied at run time. A test compares them with the options' properties.</summary>
internal static class KnownSettings
{
    public static IReadOnlyList<SettingInfo<PgListenerOptions>> OfListener { get; } =
    [
        new(nameof(PgListenerOptions.ConnectionString), options => options.ConnectionString, NeedsRestart: true),
        new(nameof(PgListenerOptions.ConnectionName), options => options.ConnectionName, NeedsRestart: true),
        new(nameof(PgListenerOptions.KeepAlive), options => options.KeepAlive, NeedsRestart: true),
        new(nameof(PgListenerOptions.ProveDelivery), options => options.ProveDelivery),
        new(nameof(PgListenerOptions.ProveDeliveryInterval), options => options.ProveDeliveryInterval),
        new(nameof(PgListenerOptions.ConnectTimeout), options => options.ConnectTimeout, NeedsRestart: true),
        new(nameof(PgListenerOptions.ReconnectDelay), options => options.ReconnectDelay),
        new(nameof(PgListenerOptions.MaxReconnectDelay), options => options.MaxReconnectDelay),
        new(nameof(PgListenerOptions.StartupTimeout), options => options.StartupTimeout, NeedsRestart: true),
        new(nameof(PgListenerOptions.QueueCapacity), options => options.QueueCapacity),
        new(nameof(PgListenerOptions.QueueCapacityBytes), options => options.QueueCapacityBytes),
        new(nameof(PgListenerOptions.FullQueueMode), options => options.FullQueueMode),
        new(nameof(PgListenerOptions.MaxBackpressure), options => options.MaxBackpressure),
        new(nameof(PgListenerOptions.DrainTimeout), options => options.DrainTimeout),
    ];

    public static IReadOnlyList<SettingInfo<HandlerOptions>> OfHandler { get; } =
    [
        new(nameof(HandlerOptions.QueueCapacity), options => options.QueueCapacity),
        new(nameof(HandlerOptions.QueueCapacityBytes), options => options.QueueCapacityBytes),
        new(nameof(HandlerOptions.FullQueueMode), options => options.FullQueueMode),
        new(nameof(HandlerOptions.MaxBackpressure), options => options.MaxBackpressure),
        new(nameof(HandlerOptions.MaxConcurrency), options => options.MaxConcurrency),
        new(nameof(HandlerOptions.Timeout), options => options.Timeout),
    ];
}
