using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Harness.Tests;

/// <summary>Listeners whose channels have a prefix, or another name than their types say.</summary>
public sealed class ChannelPrefixTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_test_names_channels_as_the_application_does()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener(options => options.ChannelPrefix = "shop_")
            .MapChannel<OrderPaid>("paid")
            .AddHandler<OrderPlaced, ShippingHandler>());
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Publisher.PublishAsync(new OrderPlaced(2), Cancellation);
        await app.Harness.PublishAsync("order_placed", """{"id":3}""");
        await app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>(3);

        Assert.Equal(["shipped 1", "shipped 2", "shipped 3"], app.Book.Lines);
        Assert.Equal([1, 2, 3], app.Harness.Published<OrderPaid>().Select(order => order.Id));
        Assert.Equal(["order_placed", "paid"], app.Harness.Published().Select(notification => notification.Channel).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Listeners_with_different_prefixes_are_apart_and_the_harness_reaches_both()
    {
        await using var app = await App.StartAsync(static services =>
        {
            services.AddPgListener("here", options => options.ChannelPrefix = "here_").AddHandler<OrderPlaced, BillingHandler>();
            services.AddPgListener("there", options => options.ChannelPrefix = "there_").MapChannel<OrderPlaced>("orders").AddHandler<OrderPlaced, BillingHandler>();
        });
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced>();
        await app.Harness.For("there").PublishAsync(new OrderPlaced(2));
        await app.Harness.For("there").WhenHandledAsync<OrderPlaced>(2);

        Assert.Equal(["order_placed", "orders", "orders"], app.Harness.Calls.Where(call => call.Resync is null).Select(call => call.Channel).Order(StringComparer.Ordinal));
        var error = await Assert.ThrowsAsync<TimeoutException>(() => app.Harness.For("there").WhenHandledAsync<OrderPlaced>(3, TimeSpan.FromMilliseconds(50)));
        Assert.Contains("has handled 2 of 3 notifications on channel 'orders'", error.Message, StringComparison.Ordinal);
        Assert.Contains("received 2, handled 2", error.Message, StringComparison.Ordinal);
    }
}
