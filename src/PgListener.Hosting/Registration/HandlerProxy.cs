namespace PgListener.Registration;

/// <summary>
/// Wraps a disposable handler in its registration as <see cref="INotificationHandler{TChannel}"/>. The container disposes of what each registration
/// returns, and it already disposes of the handler because of the registration of its class.
/// </summary>
internal class HandlerProxy<TChannel>(INotificationHandler<TChannel> handler) : INotificationHandler<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    public Task HandleAsync(Notification<TChannel> notification, CancellationToken cancellationToken) => handler.HandleAsync(notification, cancellationToken);

    /// <summary>Returns the handler itself if it is not disposable.</summary>
    public static INotificationHandler<TChannel> Of(INotificationHandler<TChannel> handler) => handler switch
    {
        not (IDisposable or IAsyncDisposable) => handler,
        IResyncHandler<TChannel> resync => new OfResyncHandler(handler, resync),
        _ => new HandlerProxy<TChannel>(handler),
    };

    private sealed class OfResyncHandler(INotificationHandler<TChannel> handler, IResyncHandler<TChannel> resyncHandler) : HandlerProxy<TChannel>(handler), IResyncHandler<TChannel>
    {
        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken) => resyncHandler.ResyncAsync(resync, cancellationToken);
    }
}
