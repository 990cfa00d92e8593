using PgListener;

// The test expects the warning that each line names.
internal sealed record OrderCanceled(long Id) : IJsonNotificationChannel<OrderCanceled> // PGL005
{
    public static string ChannelName => "packaged_order_canceled";
}

[ExcludeFromAddHandlers]
internal sealed class OrderCanceledHandler : INotificationHandler<OrderCanceled> // PGL001
{
    public Task HandleAsync(Notification<OrderCanceled> notification, CancellationToken cancellationToken) => Task.CompletedTask;
}
