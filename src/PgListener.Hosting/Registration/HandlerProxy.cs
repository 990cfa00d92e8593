namespace PgListener.Registration;

/// <summary>
/// Stands for a disposable handler where it is registered as <see cref="INotificationHandler{TChannel}"/>: the container disposes of what a registration
/// returns, and the registration of the class itself has it disposed of already.
/// </summary>
internal class HandlerProxy<TChannel>(INotificationHandler<TChannel> handler) : INotificationHandler<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    public Task HandleAsync(Notification<TChannel> notification, CancellationToken cancellationToken) => handler.HandleAsync(notification, cancellationToken);

    /// <summary>The handler itself if it need not be disposed of.</summary>
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
