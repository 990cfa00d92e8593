using PgListener.Durable.Log;

namespace PgListener.Durable.Positions;

/// <summary>The row of a position that is in force.</summary>
/// <param name="N">Its number. Inserting the next one moves the position.</param>
/// <param name="System">The cluster whose snapshots it has.</param>
/// <param name="Position">The position.</param>
/// <param name="Holder">Who wrote it.</param>
internal sealed record PositionRow(long N, long System, LogPosition Position, string Holder);
