namespace PgListener.ChangeFeeds;

/// <summary>What a subscription to a change feed cannot have.</summary>
internal static class FeedProblem
{
    /// <summary>What is wrong with what happens when its queue is full; <see langword="null"/> if nothing is, or the channel is not that of a feed.</summary>
    public static string? Of<TChannel>(FullQueueMode? mode)
        where TChannel : INotificationChannel<TChannel>
        => TChannel.ChangedType is not null && mode == FullQueueMode.KeepLatest
            ? $"Its {nameof(HandlerOptions.FullQueueMode)} is {nameof(FullQueueMode.KeepLatest)}, which keeps only the newest notification of a channel, and each notification of a change feed is about other rows. Set {nameof(FullQueueMode.Wait)} or {nameof(FullQueueMode.Drop)}."
            : null;
}
