using System.Diagnostics;
using System.Text.Json.Serialization;

namespace PgListener.Bench;

/// <summary>How a consumer is set up. What is not said here is left as the consumer's library has it.</summary>
internal sealed record ConsumerSettings
{
    public string ConnectionString { get; init; } = "";

    public int Channels { get; init; } = 1;

    /// <summary>How many handlers the channel has.</summary>
    public int Lanes { get; init; } = 1;

    /// <summary>What it measures from its start on, if it need not hear anything first, because another process may get it.</summary>
    public MeterOrder? Order { get; init; }

    /// <summary>How many subscriptions or queues there are.</summary>
    public int Subscriptions { get; init; } = 1;

    /// <summary>Into how many shards a durable channel is divided.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>After how many seconds of silence the server is asked whether it is there.</summary>
    public int? KeepAlive { get; init; }

    /// <summary>Whether the listener proves that notifications arrive, at its start and later; <see langword="null"/> for its default.</summary>
    public bool? ProveDelivery { get; init; }

    /// <summary>How many named listeners, or bare connections, share the channels.</summary>
    public int Listeners { get; init; } = 1;

    /// <summary>What a collector of traces decides about each span; <see langword="null"/> if there is no collector.</summary>
    public ActivitySamplingResult? Tracing { get; init; }

    /// <summary>Where a web server listens.</summary>
    public int Port { get; init; }

    public int? QueueCapacity { get; init; }

    public long? QueueCapacityBytes { get; init; }

    /// <summary>Whether a handler may hold up the reading for as long as it likes, so that nothing is dropped.</summary>
    public bool Patient { get; init; }

    /// <summary>How often the start is done before the one that is measured, so that this one finds code compiled.</summary>
    public int Rehearsals { get; init; }

    [JsonIgnore]
    public IEnumerable<string> ChannelNames => Enumerable.Range(0, Channels).Select(index => Payload.ChannelOf(index, Channels));

    public void ApplyTo(ListenerOptions options)
    {
        options.KeepAlive = KeepAlive is { } seconds ? TimeSpan.FromSeconds(seconds) : options.KeepAlive;
        options.ProveDelivery = ProveDelivery ?? options.ProveDelivery;
        options.ProveDeliveryInterval = ProveDelivery == false ? null : options.ProveDeliveryInterval;
        options.QueueCapacity = QueueCapacity ?? options.QueueCapacity;
        options.QueueCapacityBytes = QueueCapacityBytes ?? options.QueueCapacityBytes;
        options.MaxBackpressure = Patient ? TimeSpan.FromHours(1) : options.MaxBackpressure;
    }
}
