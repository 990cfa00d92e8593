using System.Threading.Channels;
using PgListener;
using WebApi.Orders;
using WebApi.Sales;

namespace Testing;

/// <summary>Decorates the shop's handler, and signals when it has handled something. On a real server there is no other way to know.</summary>
internal sealed class HandlerSignal(SalesHandler handler, HandlerSignal.Log log) : INotificationHandler<OrderPlaced>, IResyncHandler<OrderPlaced>
{
    public async Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
    {
        await handler.HandleAsync(notification, cancellationToken);
        log.Orders.Writer.TryWrite(notification.Value.Id);
    }

    public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
    {
        await handler.ResyncAsync(resync, cancellationToken);
        log.Gaps.Writer.TryWrite(resync);
    }

    internal sealed class Log
    {
        public Channel<long> Orders { get; } = Channel.CreateUnbounded<long>();

        public Channel<Resync> Gaps { get; } = Channel.CreateUnbounded<Resync>();
    }
}
