using System.Threading.Channels;
using PgListener;
using WebApi.Orders;
using WebApi.Sales;

namespace Testing;

/// <summary>Stands around the shop's handler, and says when it has handled something. On a real server nothing else does.</summary>
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
