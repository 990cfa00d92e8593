using PgListener;

namespace Cache;

/// <summary>Keeps the cache from lying.</summary>
internal sealed class Invalidation(ProductCache cache) : INotificationHandler<ProductChanged>, IResyncHandler<ProductChanged>
{
    public Task HandleAsync(Notification<ProductChanged> notification, CancellationToken cancellationToken)
    {
        cache.Remove(notification.Value.Id);
        return Task.CompletedTask;
    }

    /// <summary>Changes may have been missed, nobody knows of which products: none can be trusted any more.</summary>
    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        cache.Clear();
        return Task.CompletedTask;
    }
}
