namespace PgListener.Subscriptions;

/// <summary>An item in a subscription's queue: a notification, or a gap in which notifications are missing.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Content">The payload (a string) or the <see cref="Subscriptions.Gap"/>.</param>
/// <param name="ProcessId">The sender's process id.</param>
internal readonly record struct QueueItem(string Channel, object Content, int ProcessId)
{
    /// <summary>The most bytes that a notification takes besides its characters: its place in the queue, which may be half empty, and the header of the string.</summary>
    private const int Overhead = 80;

    /// <summary>Its number in the queue's order. It may wrap around: compare differences.</summary>
    public int Sequence { get; init; }

    public Gap? Gap => Content as Gap;

    public Notification ToNotification() => new(Channel, (string)Content, ProcessId);

    public long Size => SizeOf((string)Content);

    public static long SizeOf(string payload) => Overhead + (long)payload.Length * sizeof(char);
}
