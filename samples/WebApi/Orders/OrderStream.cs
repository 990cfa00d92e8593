using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using PgListener;

namespace WebApi.Orders;

/// <summary>All events for a browser, as one stream of server-sent events. It polls nothing, so it costs nothing while nothing happens.</summary>
/// <remarks><c>status</c> at once and when it changes; <c>resync</c> at the start and where orders may be missing: read <c>GET /orders</c> now; <c>order</c>.</remarks>
internal sealed class OrderStream(IPgListener listener, LiveStatus live)
{
    // If a browser reads too slowly, further notifications are dropped, and a gap takes their place.
    private static readonly SubscriptionOptions Options = new() { Name = "A browser", QueueCapacity = 1000 };

    public async IAsyncEnumerable<SseItem<object>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var orders = listener.ReadItemsAsync<OrderPlaced>(Options, end.Token).GetAsyncEnumerator(end.Token);
        var next = orders.MoveNextAsync().AsTask();
        try
        {
            for (var told = default(LiveStatus.Moment); ;)
            {
                if (told != live.Latest)
                    yield return new((told = live.Latest).Status, "status") { ReconnectionInterval = TimeSpan.FromSeconds(1) };
                await Task.WhenAny(next, told.Over);
                if (!next.IsCompleted)
                    continue;
                if (!await next)
                    yield break; // The host begins to stop.
                yield return orders.Current.IsGap(out var gap) ? new(new { Reason = $"{gap.Reason}", gap.Since }, "resync") : new(orders.Current.Notification.Value, "order");
                next = orders.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await end.CancelAsync(); // The browser has disconnected. Pending reads are ended before they are disposed of.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
