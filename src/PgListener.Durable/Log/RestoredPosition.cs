namespace PgListener.Durable.Log;

/// <summary>A position of an earlier cluster, from which the log was restored. Its snapshots tell which of the restored messages were handled there.</summary>
/// <param name="Seen">As <see cref="LogPosition.Seen"/>.</param>
/// <param name="Floor">As <see cref="LogPosition.Floor"/>.</param>
/// <param name="Upto">As <see cref="LogPosition.Upto"/>.</param>
/// <param name="LastId">As <see cref="LogPosition.LastId"/>.</param>
/// <param name="Done">As <see cref="LogPosition.Done"/>.</param>
internal sealed record RestoredPosition(string Seen, long Floor, string? Upto, long LastId, IReadOnlyList<long> Done)
{
    /// <summary>An id that none of the messages handled there exceeds. Those above the last message that was left must not be read again.</summary>
    public long HighestHandled() => Done.Append(Floor).Append(LastId).Max();
}
