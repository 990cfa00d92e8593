using System.Text.Json.Serialization;
using PgListener.Dashboard.DurableChannels;

namespace PgListener.Dashboard;

/// <summary>The state of all listeners of this process at one moment.</summary>
internal sealed record StatusDocument
{
    public required DateTimeOffset Time { get; init; }

    public required ProcessInfo Process { get; init; }

    public required IReadOnlyList<ListenerInfo> Listeners { get; init; }

    /// <summary>The durable channels, if any listener has some. The stream sends them as a separate event, and not every second.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DurableInfo>? Durable { get; init; }

    /// <summary>The timeline, the latest last. The stream sends it as a separate event, and not every second.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TimelineEvent>? Timeline { get; init; }
}
