using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using PgListener;
using WebApi.Sales;

namespace WebApi.Orders;

/// <summary>All events for a browser, as one stream of server-sent events.</summary>
/// <remarks>
/// <c>hello</c> at once, with the listener's state; <c>resync</c> when orders may have been missed (also at the start):
/// read <c>GET /orders</c> now; <c>order</c> for each order; <c>sales</c> and <c>state</c> when they have changed.
/// </remarks>
internal sealed class OrderStream(IPgListener listener, SalesBoard board)
{
    private static readonly TimeSpan LookForChanges = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    public async IAsyncEnumerable<SseItem<object>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The first event also sends the headers, so that the browser knows that it is connected.
        yield return new(StateNow(), "hello") { ReconnectionInterval = TimeSpan.FromSeconds(1) };

        var events = Channel.CreateBounded<SseItem<object>>(100);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = Task.WhenAll(WriteOrdersAsync(events.Writer, end.Token), WriteChangesAsync(events.Writer, end.Token));
        try
        {
            await foreach (var item in events.Reader.ReadAllAsync(cancellationToken))
                yield return item;
        }
        finally
        {
            await end.CancelAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Orders and gaps, in their order, until the host begins to stop.</summary>
    private async Task WriteOrdersAsync(ChannelWriter<SseItem<object>> events, CancellationToken cancellationToken)
    {
        var options = new SubscriptionOptions
        {
            Name = "A browser",
            // If the browser does not read, notifications that have no room in the queue are dropped, and the gap is announced to it.
            QueueCapacity = 1000,
        };

        try
        {
            await foreach (var item in listener.ReadItemsAsync<OrderPlaced>(options, cancellationToken))
            {
                await events.WriteAsync(
                    item.IsGap(out var resync) ? new(new { Reason = resync.Reason.ToString(), resync.Since }, "resync") : new(item.Notification.Value, "order"),
                    cancellationToken);
            }

            events.TryComplete();
        }
        catch (Exception e)
        {
            // Any error ends the response, and the browser connects again.
            events.TryComplete(e);
        }
    }

    /// <summary>The events that are not notifications: the handler's results and the listener's state.</summary>
    private async Task WriteChangesAsync(ChannelWriter<SseItem<object>> events, CancellationToken cancellationToken)
    {
        IReadOnlyList<ProductSales>? products = null;
        ListenerState? state = null;
        var lastHeartbeat = 0L;
        using var timer = new PeriodicTimer(LookForChanges);
        do
        {
            if (board.Products != products)
                await events.WriteAsync(new(products = board.Products, "sales"), cancellationToken);

            if (listener.State != state || TimeProvider.System.GetElapsedTime(lastHeartbeat) > Heartbeat)
            {
                lastHeartbeat = TimeProvider.System.GetTimestamp();
                await events.WriteAsync(new(StateNow(), "state"), cancellationToken);
                state = listener.State;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private object StateNow() => new { State = listener.State.ToString() };
}
