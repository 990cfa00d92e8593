namespace PgListener;

/// <summary>Shorter ways to call <see cref="IDurableChannels"/>.</summary>
public static class DurableChannelsOperations
{
    /// <summary>Reads where all subscriptions are.</summary>
    /// <param name="channels">The durable channels.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public static async Task<IReadOnlyList<DurableSubscriptionStatus>> GetSubscriptionsAsync(this IDurableChannels channels, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(channels);
        return (await channels.GetStatusAsync(cancellationToken).ConfigureAwait(false)).Subscriptions;
    }

    /// <summary>Reads dead letters.</summary>
    /// <param name="channels">The durable channels.</param>
    /// <param name="subscription">The subscription; <see langword="null"/> for all.</param>
    /// <param name="limit">The most to read, from 1 to 10,000.</param>
    /// <param name="after">The last message of the page before; <see langword="null"/> for the first page.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public static Task<IReadOnlyList<ParkedMessage>> GetDeadLettersAsync(
        this IDurableChannels channels, DurableSubscriptionName? subscription = null, int limit = 100, ParkedMessage? after = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(channels);
        return channels.GetParkedMessagesAsync(new() { Subscription = subscription }, limit, after, cancellationToken);
    }

    /// <summary>Has messages of a subscription that have stepped aside attempted again.</summary>
    /// <param name="channels">The durable channels.</param>
    /// <param name="subscription">The subscription.</param>
    /// <param name="messageIds">The ids of the messages.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>How many.</returns>
    public static Task<int> RequeueAsync(this IDurableChannels channels, DurableSubscriptionName subscription, IReadOnlyCollection<long> messageIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(channels);
        return channels.RequeueAsync(Of(subscription, messageIds), cancellationToken);
    }

    /// <summary>Has all dead letters of a subscription attempted again, or those with a type of error.</summary>
    /// <param name="channels">The durable channels.</param>
    /// <param name="subscription">The subscription.</param>
    /// <param name="errorType">The type of the error, as <see cref="ParkedMessage.ErrorType"/> has it; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>How many.</returns>
    public static Task<int> RequeueAllAsync(this IDurableChannels channels, DurableSubscriptionName subscription, string? errorType = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(channels);
        ArgumentNullException.ThrowIfNull(subscription);
        return channels.RequeueAsync(new ParkedMessageFilter { Subscription = subscription, ErrorType = errorType }, cancellationToken);
    }

    /// <summary>Deletes messages of a subscription that have stepped aside.</summary>
    /// <param name="channels">The durable channels.</param>
    /// <param name="subscription">The subscription.</param>
    /// <param name="messageIds">The ids of the messages.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>How many.</returns>
    public static Task<int> DeleteAsync(this IDurableChannels channels, DurableSubscriptionName subscription, IReadOnlyCollection<long> messageIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(channels);
        return channels.DeleteAsync(Of(subscription, messageIds), cancellationToken);
    }

    private static ParkedMessageFilter Of(DurableSubscriptionName subscription, IReadOnlyCollection<long> messageIds)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        ArgumentNullException.ThrowIfNull(messageIds);
        return new() { Subscription = subscription, State = null, Ids = messageIds };
    }
}
