using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.Registration;

/// <summary>Takes one handler's notifications from the engine: payload to value, a fresh scope, the handler.</summary>
internal sealed class HandlerRunner<TChannel>(
    string name,
    Func<IServiceProvider, INotificationHandler<TChannel>> resolve,
    IServiceScopeFactory scopes,
    ILogger logger)
    where TChannel : INotificationChannel<TChannel>
{
    public async Task HandleAsync(NotificationContext context, CancellationToken cancellationToken)
    {
        var value = PayloadReader.Read<TChannel>(context.Notification, name, logger);

        // Not "await using", which would put the scope into a box to configure its awaiting.
        var scope = scopes.CreateAsyncScope();
        try
        {
            await resolve(scope.ServiceProvider).HandleAsync(new(value, context.Payload, context.ProcessId), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await scope.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            if (resolve(scope.ServiceProvider) is IResyncHandler<TChannel> handler)
                await handler.ResyncAsync(resync, cancellationToken).ConfigureAwait(false);
        }
    }
}
