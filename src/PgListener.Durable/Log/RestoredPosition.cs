namespace PgListener.Durable.Log;

/// <summary>A position of an earlier cluster, from which the log was restored. Its snapshots tell which of the restored messages were handled there.</summary>
/// <param name="Seen">As <see cref="LogPosition.Seen"/>.</param>
/// <param name="Floor">As <see cref="LogPosition.Floor"/>.</param>
/// <param name="Upto">As <see cref="LogPosition.Upto"/>.</param>
/// <param name="LastId">As <see cref="LogPosition.LastId"/>.</param>
/// <param name="Done">As <see cref="LogPosition.Done"/>.</param>
internal sealed record RestoredPosition(string Seen, long Floor, string? Upto, long LastId, IReadOnlyList<long> Done);
