namespace PgListener.IntegrationTests;

internal static class ReceivedExtensions
{
    /// <summary>A callback that notes the payload.</summary>
    public static NotificationCallback Payloads(this Received<string> received)
        => (context, _) =>
        {
            received.Add(context.Payload);
            return Task.CompletedTask;
        };

    /// <summary>A callback that notes the reason of a gap.</summary>
    public static ResyncCallback Reasons(this Received<string> received)
        => (resync, _) =>
        {
            received.Add(resync.Reason.ToString());
            return Task.CompletedTask;
        };

    /// <summary>A task that must end soon.</summary>
    public static Task SoonAsync(this Task task, int seconds = 20) => task.WaitAsync(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);

    public static Task<T> SoonAsync<T>(this Task<T> task, int seconds = 20) => task.WaitAsync(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
}
