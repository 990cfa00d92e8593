namespace PgListener.Dashboard;

/// <summary>What a watcher is sent at one moment, encoded once for all of them.</summary>
/// <param name="Number">Ascending.</param>
/// <param name="Seen">When that was, as a timestamp of the time provider: elapsed time, which no clock that is set changes.</param>
/// <param name="Status">The event with the document, without the timeline.</param>
/// <param name="Timeline">The event with the timeline: the same memory as long as nothing has happened.</param>
internal sealed record StatusFrame(long Number, long Seen, ReadOnlyMemory<byte> Status, ReadOnlyMemory<byte> Timeline);
