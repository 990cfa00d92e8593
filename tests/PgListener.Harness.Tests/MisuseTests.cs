using Microsoft.Extensions.DependencyInjection;
using PgListener.Testing;

namespace PgListener.Harness.Tests;

/// <summary>What the harness says to those who use it wrongly.</summary>
public sealed class MisuseTests
{
    [Fact]
    public async Task Before_the_start_it_says_to_start_the_host()
    {
        await using var app = App.Build(static services => services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>());
        foreach (var use in new Func<Task>[]
        {
            () => app.Harness.PublishAsync(new OrderPlaced(1)),
            () => app.Harness.WhenHandledAsync<OrderPlaced>(),
            () => app.Harness.WhenHandledAsync<OrderPlaced, BillingHandler>(limit: TimeSpan.FromSeconds(1)),
            () => app.Harness.AnnounceGapAsync(),
        })
        {
            Assert.StartsWith("No listener is started. Start the host first", (await Assert.ThrowsAsync<InvalidOperationException>(use)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_a_listener_it_says_to_add_one()
    {
        await using var app = await App.StartAsync(static _ => { });
        var problem = await Assert.ThrowsAsync<InvalidOperationException>(() => app.Harness.PublishAsync(new OrderPlaced(1)));
        Assert.Equal("The application has no listener. Add one with AddPgListener().", problem.Message);
        Assert.StartsWith("There is no listener 'x'. The application has none", Assert.Throws<ArgumentException>(() => app.Harness.For("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_for_what_no_handler_is_added_for_fails_at_once()
    {
        await using var app = await App.StartAsync();
        var channel = await Assert.ThrowsAsync<InvalidOperationException>(() => app.Harness.WhenHandledAsync<OrderPaid>());
        Assert.Contains("No handler or callback is subscribed to channel 'order_paid'", channel.Message, StringComparison.Ordinal);
        Assert.Contains("There are handlers or callbacks for: order_placed.", channel.Message, StringComparison.Ordinal);

        var handler = await Assert.ThrowsAsync<InvalidOperationException>(() => app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>());
        Assert.Equal(
            "ShippingHandler is not a handler of OrderPlaced. Its handlers are: BillingHandler. Add it with AddHandler<OrderPlaced, ShippingHandler>().",
            handler.Message);
    }

    [Fact]
    public async Task Waiting_for_a_gap_that_nothing_hears_of_fails_at_once()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener().AddHandler<OrderPlaced, ShippingHandler>());
        var problem = await Assert.ThrowsAsync<InvalidOperationException>(() => app.Harness.WhenResyncedAsync<OrderPlaced>());
        Assert.Contains("receives gaps. Implement IResyncHandler on the handler", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gap_cannot_be_announced_while_the_server_is_away()
    {
        await using var app = await App.StartAsync();
        await app.Harness.DisconnectAsync();
        var problem = await Assert.ThrowsAsync<InvalidOperationException>(() => app.Harness.AnnounceGapAsync());
        Assert.Contains("ReconnectAsync", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Counts_limits_channels_and_payloads_are_checked()
    {
        await using var app = await App.StartAsync();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => app.Harness.WhenHandledAsync<OrderPlaced>(0));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => app.Harness.WhenHandledAsync<OrderPlaced>(limit: TimeSpan.Zero));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => app.Harness.AnnounceGapAsync(Timeout.InfiniteTimeSpan));
        await Assert.ThrowsAsync<ArgumentException>(() => app.Harness.PublishAsync("", "x"));
        await Assert.ThrowsAsync<ArgumentException>(() => app.Harness.PublishAsync("order_placed", new string('x', 8000)));
        await Assert.ThrowsAsync<ArgumentException>(() => app.Harness.PublishAsync("order_placed", "\0"));
        Assert.Empty(app.Harness.Failures);
    }

    [Fact]
    public async Task A_callback_that_wants_a_connection_is_told_where_there_is_one()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener());
        await app.Listener.SubscribeAsync("news", static async (context, cancellation) => await context.OpenConnectionAsync(cancellation), cancellationToken: TestContext.Current.CancellationToken);
        await app.Harness.PublishAsync("news", "x");
        var problem = await Assert.ThrowsAsync<NotSupportedException>(() => app.Harness.WhenHandledAsync("news"));
        Assert.Contains(nameof(EphemeralPostgres), problem.Message, StringComparison.Ordinal);
    }
}
