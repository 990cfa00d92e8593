namespace PgListener.IntegrationTests;

internal static class ListenerExtensions
{
    /// <summary>Completes when a subscription has so much in its queue.</summary>
    public static async Task WhenQueuedAsync(this Listener listener, int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!listener.GetStatistics().Any(subscription => subscription.Queued >= count))
            await look.WaitForNextTickAsync(limit.Token);
    }
}
