using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using PgListener;

namespace WebApi.Orders;

/// <summary>All events for a browser, as one stream of server-sent events. It polls nothing, so it costs nothing while nothing happens.</summary>
/// <remarks>
/// <c>status</c> at once and when it changes; <c>order</c>; <c>resync</c> at the start, and where orders may be missing: read <c>GET /orders</c> now. The ids of the events are positions: a browser that comes back goes on
/// after the last one, in whichever instance of the shop.
/// </remarks>
internal sealed class OrderStream(IPgListener listener, LiveStatus live)
{
    public async IAsyncEnumerable<SseItem<object>> ReadAsync(string? lastEventId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var options = new SubscriptionOptions { Name = "A browser", QueueCapacity = 1000, StartAfter = lastEventId };
        await using var orders = listener.ReadItemsAsync<LiveOrder>(options, end.Token).GetAsyncEnumerator(end.Token);
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
                var item = orders.Current;
                yield return (item.IsGap(out var gap) ? new(new { Reason = $"{gap.Reason}", gap.Since }, "resync") : new SseItem<object>(item.Notification.Value, "order")) with { EventId = item.Position };
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
