namespace PgListener;

/// <summary>Shows the subscriptions of durable channels, and operates them: parked messages and dead letters, pause, replay, skip. Registered by <c>AddDurableChannels</c>; for a named listener with its name as the key.</summary>
/// <remarks>
/// <para>It reads and changes the database, and so speaks of all instances of the application and of all handlers in it, also of those that no process runs any more. Only <see cref="GetStatistics"/> speaks of this process.
/// With a <see cref="ListenerOptions.ChannelPrefix"/>, it sees the channels that have the prefix, and names them without it.</para>
/// <para>Each change logs one line. All members are thread-safe. They need the rights of a reader (<c>schema/reader-rights.sql</c>).</para>
/// <para>A subscription that does not exist is an <see cref="ArgumentException"/>.</para>
/// </remarks>
public interface IDurableChannels
{
    /// <summary>Counts of this process since its start. Cheap: nothing is read from the database.</summary>
    DurableStatistics GetStatistics();

    /// <summary>Reads where all subscriptions are.</summary>
    /// <param name="cancellationToken">Cancels it.</param>
    Task<DurableStatus> GetStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads messages that have stepped aside, in the order of their subscriptions and ids.</summary>
    /// <param name="filter">Which of them. By default, dead letters.</param>
    /// <param name="limit">The most to read, from 1 to 10,000.</param>
    /// <param name="after">The last message of the page before; <see langword="null"/> for the first page.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    Task<IReadOnlyList<ParkedMessage>> GetParkedMessagesAsync(ParkedMessageFilter filter, int limit = 100, ParkedMessage? after = null, CancellationToken cancellationToken = default);

    /// <summary>Counts messages that have stepped aside by the type of their last error, in the order of their subscriptions and then the most frequent first.</summary>
    /// <param name="filter">Which of them. By default, dead letters.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    Task<IReadOnlyList<ParkedMessageCount>> CountParkedMessagesAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Has messages attempted again now: dead letters, with as many attempts as new messages have; and those whose next attempt is later. One that waits behind another of its key goes on when that one is handled.</summary>
    /// <param name="filter">Which of them. By default, dead letters.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>How many.</returns>
    Task<int> RequeueAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Deletes messages that have stepped aside: they are never handled. What waits behind one of them goes on.</summary>
    /// <param name="filter">Which of them. By default, dead letters.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>How many.</returns>
    Task<int> DeleteAsync(ParkedMessageFilter filter, CancellationToken cancellationToken = default);

    /// <summary>Stops a subscription in all instances, until <see cref="ResumeAsync"/>. Calls that are running end as usual. Its messages are kept, up to <see cref="DurableChannelOptions.MaxAge"/>.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>A task that completes when it is noted. Calls may be running still: while they are, <see cref="DurableShardStatus.Holder"/> is set.</returns>
    Task PauseAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default);

    /// <summary>Ends a pause.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    Task ResumeAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default);

    /// <summary>Moves a shard past its next message, such as one that blocks it. The message is not handled by this subscription, and its id is logged.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="shard">The shard, from 0.</param>
    /// <param name="messageId">The id of the message that is meant; if another one is next by then, nothing changes. <see langword="null"/> for the one that is next, whichever it is.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>The id of the message; <see langword="null"/> if none is waiting, or another one is next.</returns>
    /// <inheritdoc cref="ReplayAsync(DurableSubscriptionName, long, CancellationToken)" path="/exception"/>
    Task<long?> SkipHeadAsync(DurableSubscriptionName subscription, int shard = 0, long? messageId = null, CancellationToken cancellationToken = default);

    /// <summary>Delivers a message and all that follow it once more, as far as the log still has them.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="messageId">The id of the first message.</param>
    /// <param name="cancellationToken">Cancels it; some of the shards may have been moved by then.</param>
    /// <remarks>
    /// <para>What is not handled yet is never skipped. Messages that have been handled are delivered again, also those that their handler has acknowledged by <see cref="DurableMessage.EnlistAsync"/>:
    /// that a message takes effect once holds for one walk through the log.</para>
    /// <para>The subscription is paused for that time. If this process ends in the middle, it stays paused.</para>
    /// </remarks>
    /// <exception cref="TimeoutException">A call of the handler, or a transaction that publishes, did not end within 30 seconds. Nothing has changed.</exception>
    Task ReplayAsync(DurableSubscriptionName subscription, long messageId, CancellationToken cancellationToken = default);

    /// <summary>Delivers the messages that were published since a time once more, as far as the log still has them.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="from">The time, by the clock of the server.</param>
    /// <param name="cancellationToken">Cancels it; some of the shards may have been moved by then.</param>
    /// <inheritdoc cref="ReplayAsync(DurableSubscriptionName, long, CancellationToken)" path="/remarks"/>
    /// <inheritdoc cref="ReplayAsync(DurableSubscriptionName, long, CancellationToken)" path="/exception"/>
    Task ReplayAsync(DurableSubscriptionName subscription, DateTimeOffset from, CancellationToken cancellationToken = default);

    /// <summary>Removes a subscription that no process runs any more, with its parked messages. The log no longer keeps messages for it.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="InvalidOperationException">A process runs it.</exception>
    Task RemoveAsync(DurableSubscriptionName subscription, CancellationToken cancellationToken = default);
}
