using PgListener.Durable.Log;

namespace PgListener.Durable.Streams;

/// <summary>The end of a window of a tail, at which streams join it.</summary>
/// <param name="Epoch">In which the position means something.</param>
/// <param name="Tokens">Writes and reads positions of it.</param>
/// <param name="Position">The position, which is between two windows.</param>
internal sealed record Boundary(LogEpoch Epoch, PositionTokens Tokens, LogPosition Position);
