using Microsoft.Extensions.DependencyInjection;
using PgListener.Payloads;

namespace PgListener.Registration;

/// <summary>Takes one handler's notifications from the engine: payload to value, a fresh scope, the handler.</summary>
internal sealed class HandlerRunner<TChannel>
    where TChannel : INotificationChannel<TChannel>
{
    private readonly Func<IServiceProvider, INotificationHandler<TChannel>> _resolve;
    private readonly IServiceScopeFactory _scopes;
    private readonly PayloadReader<TChannel> _payloads;

    /// <param name="name">What the handler is called in logs.</param>
    /// <param name="resolve">Gets it from a scope.</param>
    /// <param name="scopes">Where scopes come from.</param>
    /// <param name="log">Where malformed payloads are logged.</param>
    /// <param name="channel">The channel; <see langword="null"/> for the one that the type names.</param>
    /// <exception cref="InvalidOperationException">The channel's type is set up wrongly.</exception>
    public HandlerRunner(string name, Func<IServiceProvider, INotificationHandler<TChannel>> resolve, IServiceScopeFactory scopes, PayloadLog log, string? channel = null)
    {
        _resolve = resolve;
        _scopes = scopes;
        _payloads = new(name, channel) { Log = log };
        ResyncFrom = [resolve];
    }

    /// <summary>Gets those from a scope, one after the other, of which the first that wants gaps is told of them.</summary>
    public IReadOnlyList<Func<IServiceProvider, INotificationHandler<TChannel>>> ResyncFrom { get; init; }

    public async Task HandleAsync(NotificationContext context, CancellationToken cancellationToken)
    {
        var notification = _payloads.Read(context.Notification);
        try
        {
            // Not "await using", which would put the scope into a box to configure its awaiting.
            var scope = _scopes.CreateAsyncScope();
            try
            {
                await _resolve(scope.ServiceProvider).HandleAsync(notification, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await scope.DisposeAsync().ConfigureAwait(false);
            }
        }
        catch (ObjectDisposedException) when (AreServicesGone())
        {
            await WhenCanceledAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        try
        {
            var scope = _scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
            {
                foreach (var resolve in ResyncFrom)
                {
                    if (resolve(scope.ServiceProvider) is not IResyncHandler<TChannel> handler)
                        continue;

                    await handler.ResyncAsync(resync, cancellationToken).ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (ObjectDisposedException) when (AreServicesGone())
        {
            await WhenCanceledAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the host is being disposed of without a stop, as when its start has failed.</summary>
    private bool AreServicesGone()
    {
        try
        {
            _scopes.CreateScope().Dispose();
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>The listener is about to be disposed of too, and cancels its calls. That is no failure of the handler's.</summary>
    private static Task WhenCanceledAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
}
