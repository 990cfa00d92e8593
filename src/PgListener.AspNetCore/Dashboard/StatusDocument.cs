using System.Text.Json.Serialization;

namespace PgListener.Dashboard;

/// <summary>What is known of all listeners of this process at one moment.</summary>
internal sealed record StatusDocument
{
    public required DateTimeOffset Time { get; init; }

    public required ProcessInfo Process { get; init; }

    public required IReadOnlyList<ListenerInfo> Listeners { get; init; }

    /// <summary>The timeline, the latest last. Not repeated every second in the stream, where it is an event of its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TimelineEvent>? Timeline { get; init; }
}
