using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PgListener.Testing;

namespace PgListener.UnitTests.Hosting;

/// <summary>What a stream of the host costs: event streams have as many as there are browsers.</summary>
[Collection(nameof(Alone))]
public sealed class HostedStreamCostTests
{
    private const int Notifications = 2_000;
    private const string Channel = "c";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Both have one iterator over the queue's reader. A method that is awaited around each read would cost about 100 bytes for each notification that is waited for.</summary>
    [Fact]
    public async Task A_notification_that_is_waited_for_costs_no_more_than_in_a_stream_of_the_listener_alone()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddPgListener();
        builder.Services.AddPgListenerHarness();
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        var hosted = host.Services.GetRequiredService<IPgListener>();
        var harness = host.Services.GetRequiredService<PgListenerHarness>();

        var ofListener = await BytesOfAsync(harness, ((HostedListener)hosted).Listener.ReadItemsAsync(Channel, cancellationToken: Cancellation));
        var ofHost = await BytesOfAsync(harness, hosted.ReadItemsAsync(Channel, cancellationToken: Cancellation));
        await host.StopAsync(Cancellation);

        Assert.InRange(ofHost - ofListener, -16, 16);
    }

    /// <returns>The bytes for each notification, sending included.</returns>
    private static async Task<long> BytesOfAsync(PgListenerHarness harness, IAsyncEnumerable<StreamItem> stream)
    {
        await using var items = stream.GetAsyncEnumerator(Cancellation);
        Assert.True(await items.MoveNextAsync()); // The gap of the start: it listens.
        return Math.Min(await PassAsync(), await PassAsync()); // Whatever is made once is made in the first pass.

        async Task<long> PassAsync()
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < Notifications; i++)
            {
                var next = items.MoveNextAsync();
                await harness.PublishAsync(Channel, "next");
                Assert.True(await next);
            }

            return (GC.GetTotalAllocatedBytes(precise: true) - before) / Notifications;
        }
    }
}
