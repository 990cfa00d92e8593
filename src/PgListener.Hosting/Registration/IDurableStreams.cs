namespace PgListener.Registration;

/// <summary>Streams of a listener's durable channels.</summary>
internal interface IDurableStreams
{
    /// <summary>Reads a channel from now on, or from <see cref="SubscriptionOptions.StartAfter"/> on.</summary>
    /// <param name="channel">The channel's name in the application.</param>
    /// <param name="options">The settings. <see cref="SubscriptionOptions.OnResync"/> is called for gaps.</param>
    /// <param name="cancellationToken">Ends the reading with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>Messages and gaps. They end when the durable channels are stopped.</returns>
    IAsyncEnumerable<DurableStreamItem> ReadAsync(string channel, SubscriptionOptions options, CancellationToken cancellationToken);

    /// <summary>The counts of the streams that are being read.</summary>
    IReadOnlyList<SubscriptionStatistics> GetStatistics();
}
