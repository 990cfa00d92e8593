namespace PgListener.Registration;

/// <summary>All settings, and whether a change applies at run time. A test compares them with the options' properties.</summary>
internal static class KnownSettings
{
    public static IReadOnlyList<SettingInfo<PgListenerOptions>> OfListener { get; } =
    [
        new(nameof(PgListenerOptions.ConnectionString), options => options.ConnectionString, NeedsRestart: true),
        new(nameof(PgListenerOptions.ConnectionName), options => options.ConnectionName, NeedsRestart: true),
        new(nameof(PgListenerOptions.ChannelPrefix), options => options.ChannelPrefix, NeedsRestart: true),
        new(nameof(PgListenerOptions.KeepAlive), options => options.KeepAlive, NeedsRestart: true),
        new(nameof(PgListenerOptions.CommandTimeout), options => options.CommandTimeout),
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
        new(nameof(PgListenerOptions.PropagateTraceContext), options => options.PropagateTraceContext),
        OfPublisher(nameof(NotificationPublisherOptions.ChannelPrefix), options => options.ChannelPrefix),
        OfPublisher(nameof(NotificationPublisherOptions.AllowDuplicates), options => options.AllowDuplicates),
        OfPublisher(nameof(NotificationPublisherOptions.CoalesceWindow), options => options.CoalesceWindow),
        OfPublisher(nameof(NotificationPublisherOptions.MaxCoalesced), options => options.MaxCoalesced),
        OfPublisher(nameof(NotificationPublisherOptions.MaxWaiting), options => options.MaxWaiting),
        OfPublisher(nameof(NotificationPublisherOptions.StopTimeout), options => options.StopTimeout),
        OfPublisher(nameof(NotificationPublisherOptions.PropagateTraceContext), options => options.PropagateTraceContext),
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

    /// <summary>The publisher reads its settings when it is created.</summary>
    private static SettingInfo<PgListenerOptions> OfPublisher(string name, Func<NotificationPublisherOptions, object?> read)
        => new($"{nameof(PgListenerOptions.Publisher)}:{name}", options => read(options.Publisher), NeedsRestart: true);
}
