using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Harness.Tests;

/// <summary>Gaps, and what full queues do.</summary>
public sealed class GapTests
{
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A queue is full and pauses the reading, so the loss is not noticed before the handler, which waits for its own publish, has gone on.</summary>
    [Fact]
    public async Task A_handler_can_publish_while_a_gap_waits_behind_its_full_queue()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>(static handler => handler.QueueCapacity = 1));
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Book.OnOrder = async (order, cancellation) =>
        {
            begun.TrySetResult();
            await release.Task.WaitAsync(cancellation);
            await app.Publisher.PublishAsync(new OrderPaid(order.Id), cancellation);
        };
        await app.Harness.PublishManyAsync(Enumerable.Range(1, 5).Select(static id => new OrderPlaced(id)));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var gap = app.Harness.AnnounceGapAsync(TimeSpan.FromSeconds(5));
        release.SetResult();
        await gap;
        await app.Harness.WhenResyncedAsync<OrderPlaced>();
        Assert.Equal(["Started", "order 1", "order 2", "order 3", "order 4", "order 5", "Reconnected"], app.Book.Lines);
    }

    [Fact]
    public async Task A_gap_stands_between_what_was_sent_before_and_after()
    {
        await using var app = await App.StartAsync();
        await app.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);
        app.Book.OnOrder = (_, cancellation) => _release.Task.WaitAsync(cancellation);
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.PublishAsync(new OrderPlaced(2));
        await app.Harness.AnnounceGapAsync();
        await app.Harness.PublishAsync(new OrderPlaced(3));
        await app.Harness.AnnounceGapAsync();
        await app.Harness.PublishAsync(new OrderPlaced(4));
        Assert.Equal(["Started"], app.Book.Lines);

        _release.SetResult();
        await app.Harness.WhenHandledAsync<OrderPlaced>(4);
        await app.Harness.WhenResyncedAsync<OrderPlaced>(count: 2);
        Assert.Equal(["Started", "order 1", "order 2", "Reconnected", "order 3", "Reconnected", "order 4"], app.Book.Lines);
        Assert.Equal(["Reconnected", "Reconnected", "Started"], app.Harness.Calls.Select(call => call.Resync?.Reason.ToString()).OfType<string>().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_sent_between_a_loss_and_the_next_session_is_not_missed()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener()
            .AddHandler<OrderPlaced, BillingHandler>(static handler => handler.QueueCapacity = 1)
            .AddHandler<OrderPlaced, ShippingHandler>());
        await app.Listener.WaitUntilListeningAsync(Cancellation);
        app.Book.OnOrder = (_, cancellation) => _release.Task.WaitAsync(cancellation);
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>(); // Billing's queue is full, and pauses the reading, so the loss is not noticed.
        var gap = app.Harness.AnnounceGapAsync();
        await app.Publisher.PublishAsync(new OrderPlaced(2), Cancellation);
        await app.Harness.PublishAsync(new OrderPlaced(3));
        Assert.False(gap.IsCompleted);

        _release.SetResult();
        await gap;
        await app.Harness.WhenHandledAsync<OrderPlaced>(3);
        Assert.Equal(["Started", "order 1", "Reconnected", "order 2", "order 3"], app.Book.Lines.Where(line => !line.StartsWith("shipped", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_the_application_publishes_while_the_connection_is_lost_and_made_again_is_not_missed()
    {
        const int Count = 200;
        await using var app = await App.StartAsync();
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < Count; i++)
                await app.Publisher.PublishAsync(new OrderPlaced(i), Cancellation);
        }, Cancellation);
        while (!publishing.IsCompleted)
            await app.Harness.AnnounceGapAsync();
        await publishing;
        await app.Harness.WhenHandledAsync<OrderPlaced>(Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(id => $"order {id}"), app.Book.Lines.Where(line => line.StartsWith("order", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_full_queue_pauses_the_reading_and_nothing_is_lost()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener()
            .AddHandler<OrderPlaced, BillingHandler>(options => options.QueueCapacity = 2)
            .AddHandler<OrderPlaced, ShippingHandler>());
        app.Book.OnOrder = (_, cancellation) => _release.Task.WaitAsync(cancellation);
        for (var i = 1; i <= 50; i++)
            await app.Harness.PublishAsync(new OrderPlaced(i));

        await app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>(2);
        Assert.All(app.Listener.GetStatistics(), figures => Assert.InRange(figures.Received, 0, 3));
        await Assert.ThrowsAsync<TimeoutException>(() => app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>(4, TimeSpan.FromMilliseconds(50)));

        _release.SetResult();
        await app.Harness.WhenHandledAsync<OrderPlaced>(50);
        Assert.Equal(50, app.Book.Lines.Count(line => line.StartsWith("order", StringComparison.Ordinal)));
        Assert.All(app.Listener.GetStatistics(), figures => Assert.Equal(0, figures.Dropped));
    }

    [Fact]
    public async Task Subscribing_while_the_reading_is_paused_is_answered()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener()
            .AddHandler<OrderPlaced, BillingHandler>(options => options.QueueCapacity = 1)
            .AddHandler<OrderPlaced, ShippingHandler>());
        app.Book.OnOrder = (_, cancellation) => _release.Task.WaitAsync(cancellation);
        for (var i = 1; i <= 5; i++)
            await app.Harness.PublishAsync(new OrderPlaced(i));
        await app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>(); // The first is in Billing's queue too, which is full.

        await app.Listener.SubscribeAsync("news", static (_, _) => Task.CompletedTask, cancellationToken: Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        _release.SetResult();
        await app.Harness.PublishAsync("news", "x");
        await app.Harness.WhenHandledAsync("news");
    }
}
