namespace PgListener.Dashboard;

/// <summary>The data that watchers get at one moment, encoded once for all of them.</summary>
/// <param name="Number">Ascending.</param>
/// <param name="Seen">When the state was read, as a timestamp of the time provider, which does not change when the clock is set.</param>
/// <param name="Status">The event with the document, without the timeline.</param>
/// <param name="Timeline">The event with the timeline; the same memory while nothing has happened.</param>
/// <param name="Durable">The event with the durable channels; the same memory until they are read again, and empty without any.</param>
internal sealed record StatusFrame(long Number, long Seen, ReadOnlyMemory<byte> Status, ReadOnlyMemory<byte> Timeline, ReadOnlyMemory<byte> Durable);
