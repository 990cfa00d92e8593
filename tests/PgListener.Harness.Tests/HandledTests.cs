using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Harness.Tests;

/// <summary>Waiting for handlers.</summary>
public sealed class HandledTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_notification_is_handled_without_a_connection_string()
    {
        await using var app = await App.StartAsync();
        await app.Harness.PublishAsync(new OrderPlaced(42, 9.5m));
        await app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.Equal(["Started", "order 42"], app.Book.Lines);
        Assert.Equal(ListenerState.Listening, app.Listener.State);
    }

    [Fact]
    public async Task Notifications_come_in_their_order_and_identical_ones_of_a_transaction_as_one()
    {
        await using var app = await App.StartAsync();
        await app.Harness.PublishManyAsync([new OrderPlaced(1), new OrderPlaced(2), new OrderPlaced(1)]);
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced>(3);
        Assert.Equal(["Started", "order 1", "order 2", "order 1"], app.Book.Lines);
    }

    [Fact]
    public async Task All_handlers_of_the_channel_are_waited_for_or_one()
    {
        await using var app = await App.StartAsync(static services =>
            services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>().AddHandler<OrderPlaced, ShippingHandler>());
        app.Book.OnOrder = (_, cancellation) => _release.Task.WaitAsync(cancellation);
        await app.Harness.PublishAsync(new OrderPlaced(42));

        await app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>();
        var both = app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.False(both.IsCompleted);
        Assert.DoesNotContain("order 42", app.Book.Lines);

        _release.SetResult();
        await both;
        Assert.Contains("order 42", app.Book.Lines);
    }

    [Fact]
    public async Task A_handler_that_fails_ends_the_wait_with_its_exception_whenever_it_begins()
    {
        await using var app = await App.StartAsync();
        app.Book.OnOrder = static (order, _) => order.Id == 2 ? throw new InvalidOperationException("No such order.") : Task.CompletedTask;
        var early = app.Harness.WhenHandledAsync<OrderPlaced>(5);
        await app.Harness.PublishManyAsync([new OrderPlaced(1), new OrderPlaced(2), new OrderPlaced(3)]);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => early);
        Assert.Equal("No such order.", failure.Message);
        await app.Harness.WhenHandledAsync<OrderPlaced>(3, allowFailures: true);
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(() => app.Harness.WhenHandledAsync<OrderPlaced>(2)));
        await app.Harness.WhenHandledAsync<OrderPlaced>(1); // The first has succeeded.

        var call = Assert.Single(app.Harness.Failures);
        Assert.Same(failure, call.Exception);
        Assert.Equal(("", nameof(BillingHandler), "order_placed", """{"id":2,"total":1}"""), (call.Listener, call.Handler, call.Channel, call.Notification?.Payload));
        Assert.Equal([null, "1", "2", "3"], app.Harness.Calls.Select(one => one.Notification is { } sent ? JsonDocument.Parse(sent.Payload).RootElement.GetProperty("id").ToString() : null));
    }

    [Fact]
    public async Task A_wait_that_ends_in_vain_says_what_there_was()
    {
        await using var app = await App.StartAsync(static services =>
            services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>().AddHandler<OrderPlaced, ShippingHandler>());
        app.Book.OnOrder = (order, cancellation) => order.Id == 1 ? throw new FormatException("Seven is not a number.") : _release.Task.WaitAsync(cancellation);
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.PublishAsync(new OrderPlaced(2));
        await app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>(2);
        await app.Harness.WhenHandledAsync<OrderPlaced, BillingHandler>(allowFailures: true);

        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => app.Harness.WhenHandledAsync<OrderPlaced>(2, Short, allowFailures: true));
        Assert.StartsWith("Within 0.05 s, BillingHandler has handled 1 of 2 notifications on channel 'order_placed'.", timeout.Message, StringComparison.Ordinal);
        Assert.Contains("BillingHandler: received 2, handled 1, failed 1, queued or in progress", timeout.Message, StringComparison.Ordinal);
        Assert.Contains("ShippingHandler: received 2, handled 2, failed 0", timeout.Message, StringComparison.Ordinal);
        Assert.Contains("Failed: BillingHandler on channel 'order_placed': System.FormatException: Seven is not a number.", timeout.Message, StringComparison.Ordinal);
        Assert.Contains("The application has published 2 on channel 'order_paid'.", timeout.Message, StringComparison.Ordinal);
        Assert.Contains("The listener is in state Listening.", timeout.Message, StringComparison.Ordinal);
        Assert.IsType<FormatException>(Assert.Single(Assert.IsType<AggregateException>(timeout.InnerException).InnerExceptions));
        _release.SetResult();
    }

    [Fact]
    public async Task A_payload_that_cannot_be_read_is_a_failure()
    {
        await using var app = await App.StartAsync();
        await app.Harness.PublishAsync("order_placed", "{");
        await app.Harness.PublishAsync(new OrderPlaced(1));

        var failure = await Assert.ThrowsAsync<ListenerException>(() => app.Harness.WhenHandledAsync<OrderPlaced>());
        Assert.StartsWith("BillingHandler was not called: the payload on channel 'order_placed' could not be read.", failure.Message, StringComparison.Ordinal);
        Assert.IsType<JsonException>(failure.InnerException);
        await app.Harness.WhenHandledAsync<OrderPlaced>(2, allowFailures: true);
        Assert.Equal(["Started", "order 1"], app.Book.Lines);
    }

    [Fact]
    public async Task A_callback_hears_what_is_sent_after_it_has_subscribed_until_it_is_disposed_of()
    {
        await using var app = await App.StartAsync();
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced>(); // It listens already.
        app.Harness.Clear();
        var heard = new List<string>();
        var subscription = app.Listener.SubscribeAsync("news", (context, _) =>
        {
            heard.Add(context.Payload);
            return Task.CompletedTask;
        }, new() { Name = "Reporter" }, Cancellation);
        await app.Harness.PublishAsync("news", "first"); // It need not wait for the subscription.
        await app.Harness.WhenHandledAsync("news");

        await (await subscription).DisposeAsync();
        await app.Harness.PublishAsync("news", "second");
        var nobody = await Assert.ThrowsAsync<InvalidOperationException>(() => app.Harness.WhenHandledAsync("news"));
        Assert.Contains("No handler or callback is subscribed to channel 'news'", nobody.Message, StringComparison.Ordinal);
        Assert.Equal(["first"], heard);
        Assert.Equal("Reporter", Assert.Single(app.Harness.Calls).Handler);
    }

    /// <summary>Two lambdas of one method are called the same, and so are two subscriptions of one method.</summary>
    [Fact]
    public async Task Callbacks_of_the_same_name_are_each_waited_for()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener());
        await app.Listener.SubscribeAsync("news", static (_, _) => Task.CompletedTask, cancellationToken: Cancellation);
        await app.Listener.SubscribeAsync("news", (_, cancellation) => _release.Task.WaitAsync(cancellation), cancellationToken: Cancellation);
        await app.Harness.PublishAsync("news", "first");
        await app.Harness.PublishAsync("news", "second");
        var both = await Assert.ThrowsAsync<TimeoutException>(() => app.Harness.WhenHandledAsync("news", limit: TimeSpan.FromMilliseconds(200)));
        Assert.Contains("has handled 0 of 1 notifications", both.Message, StringComparison.Ordinal);

        _release.SetResult();
        await app.Harness.WhenHandledAsync("news", 2);
        Assert.Equal(4, app.Harness.Calls.Count);
    }

    [Fact]
    public async Task What_has_been_cleared_is_not_counted()
    {
        await using var app = await App.StartAsync();
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced>();
        await app.Publisher.PublishAsync(new OrderPaid(1), Cancellation);

        app.Harness.Clear();
        Assert.Empty(app.Harness.Calls);
        Assert.Empty(app.Harness.Published());
        var second = app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.False(second.IsCompleted);
        await app.Harness.PublishAsync(new OrderPlaced(2));
        await second;
        Assert.Single(app.Harness.Calls);
    }

    [Fact]
    public async Task What_runs_when_the_host_stops_is_still_counted()
    {
        await using var app = await App.StartAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Book.OnOrder = (_, cancellation) =>
        {
            begun.SetResult();
            return _release.Task.WaitAsync(cancellation);
        };
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        var handled = app.Harness.WhenHandledAsync<OrderPlaced>();
        var drains = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Listener.StateChanged += (_, change) =>
        {
            if (change.Status.State == ListenerState.Stopping)
                drains.SetResult();
        };
        var stopping = app.StopHostAsync();
        await drains.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await app.Harness.DisconnectAsync(); // Its session has ended too, and the stop waits for nothing but the handler.
        _release.SetResult();
        await stopping;
        await handled;
        Assert.Equal(ListenerState.Stopped, app.Listener.State);
    }

    [Fact]
    public async Task A_stream_has_what_is_sent_after_it_was_asked_for()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener());
        await using var items = app.Listener.ReadItemsAsync<OrderPlaced>(cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        await using var orders = app.Listener.ReadAllAsync<OrderPlaced>(cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await items.MoveNextAsync());
        Assert.True(items.Current.IsGap(out var gap) && gap.Reason == ResyncReason.Started);

        var item = items.MoveNextAsync().AsTask();
        var order = orders.MoveNextAsync().AsTask();
        await app.Harness.PublishAsync(new OrderPlaced(7));
        Assert.True(await item.WaitAsync(TimeSpan.FromSeconds(60), Cancellation) && await order.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.Equal((7, 7), (items.Current.Notification.Value.Id, orders.Current.Value.Id));

        item = items.MoveNextAsync().AsTask();
        await app.Harness.AnnounceGapAsync();
        Assert.True(await item.WaitAsync(TimeSpan.FromSeconds(60), Cancellation) && items.Current.IsGap(out gap) && gap.Reason == ResyncReason.Reconnected);
    }
}
