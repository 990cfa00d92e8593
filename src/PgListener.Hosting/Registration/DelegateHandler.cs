namespace PgListener.Registration;

/// <summary>A handler without a class, in one scope. It calls the user's delegate with services of that scope.</summary>
/// <param name="services">The scope.</param>
/// <param name="call">Gets the services that the user's delegate takes, and calls it.</param>
/// <param name="options">Its settings, which contain the delegate to call for gaps.</param>
internal sealed class DelegateHandler<TChannel>(
    IServiceProvider services, Func<Notification<TChannel>, IServiceProvider, CancellationToken, Task> call, HostedHandlerOptions options)
    : INotificationHandler<TChannel>, IResyncHandler<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    public Task HandleAsync(Notification<TChannel> notification, CancellationToken cancellationToken) => call(notification, services, cancellationToken);

    public Task ResyncAsync(Resync resync, CancellationToken cancellationToken) => options.OnResync?.Invoke(resync, services, cancellationToken) ?? Task.CompletedTask;
}
