using PgListener;

namespace Cache;

/// <summary>Removes changed products from the cache.</summary>
internal sealed class Invalidation(ProductCache cache) : INotificationHandler<ProductChanged>, IResyncHandler<ProductChanged>
{
    public Task HandleAsync(Notification<ProductChanged> notification, CancellationToken cancellationToken)
    {
        cache.Remove(notification.Value.Id);
        return Task.CompletedTask;
    }

    /// <summary>Changes may have been missed, and it is not known of which products, so all entries are removed.</summary>
    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        cache.Clear();
        return Task.CompletedTask;
    }
}
