using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using PgListener;
using PgListener.Testing;
using WebApi.Orders;
using WebApi.Sales;

namespace Testing;

/// <summary>Tests the handler alone: for a notification, for a gap, and when it takes too long. It needs no server, no web server, and no other part of the shop.</summary>
public sealed class HandlerTests
{
    private readonly MemoryOrders _orders = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task An_order_is_on_the_board()
    {
        using var host = await StartAsync();
        var harness = host.Services.GetRequiredService<PgListenerHarness>();
        await harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);

        _orders.Add("Tea", 2);
        await harness.PublishAsync(new OrderPlaced(1, "Tea", 2, _time.GetUtcNow()));
        await harness.WhenHandledAsync<OrderPlaced>();

        Assert.Equal([new("Tea", 1, 2)], host.Services.GetRequiredService<SalesBoard>().Products);
    }

    [Fact]
    public async Task What_was_missed_is_read_again_after_the_connection_was_lost()
    {
        using var host = await StartAsync();
        var harness = host.Services.GetRequiredService<PgListenerHarness>();

        await harness.DisconnectAsync();
        _orders.Add("Tea", 2);
        await harness.PublishAsync(new OrderPlaced(1, "Tea", 2, _time.GetUtcNow())); // No listener receives it.
        await harness.ReconnectAsync();
        await harness.WhenResyncedAsync<OrderPlaced>();

        Assert.DoesNotContain(harness.Calls, call => call.Notification is not null);
        Assert.Equal([new("Tea", 1, 2)], host.Services.GetRequiredService<SalesBoard>().Products);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_given_up_after_the_time_limit()
    {
        using var host = await StartAsync(handler => handler.Timeout = TimeSpan.FromSeconds(30));
        var harness = host.Services.GetRequiredService<PgListenerHarness>();
        await harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);

        var asked = _orders.StopAnswering();
        await harness.PublishAsync(new OrderPlaced(1, "Tea", 2, _time.GetUtcNow()));
        await asked;
        _time.Advance(TimeSpan.FromSeconds(30)); // The 30 seconds pass at once.

        await Assert.ThrowsAsync<TimeoutException>(() => harness.WhenHandledAsync<OrderPlaced>());
    }

    private async Task<IHost> StartAsync(Action<HandlerOptions>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton<IOrderStore>(_orders);
        builder.Services.AddSingleton<SalesBoard>();
        builder.Services.AddPgListener().AddHandler<OrderPlaced, SalesHandler>(configure);
        builder.Services.AddPgListenerHarness();
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }
}
