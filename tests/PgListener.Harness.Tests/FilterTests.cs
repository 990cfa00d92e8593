using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Harness.Tests;

/// <summary>Filters in a whole application.</summary>
public sealed class FilterTests
{
    [Fact]
    public async Task One_that_never_gives_up_does_not_keep_the_host_from_stopping()
    {
        using var end = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (var app = await App.StartAsync(services => services.AddPgListener(options => options.DrainTimeout = TimeSpan.FromMilliseconds(100))
            .AddHandler<OrderPlaced, BillingHandler>()
            .AddFilter(async (_, next, token) =>
            {
                while (!end.IsCancellationRequested)
                {
                    var attempt = next(token);
                    await attempt.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    if (attempt.IsCompletedSuccessfully)
                        return;
                }
            })))
        {
            await app.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);
            app.Book.OnOrder = (_, _) =>
            {
                begun.TrySetResult();
                return Task.FromException(new FormatException("Never."));
            };
            await app.Harness.PublishAsync(new OrderPlaced(1));
            await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            await app.StopHostAsync().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            Assert.Equal(ListenerState.Stopped, app.Listener.State);
        }

        await end.CancelAsync();
    }

    /// <summary>The filter tries again within a call, and the listener calls again: each has its own count.</summary>
    [Fact]
    public async Task A_gap_is_tried_again_by_a_filter_within_each_call_of_the_listener()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener()
            .AddHandler<OrderPlaced, BillingHandler>()
            .AddFilter(static async (_, next, token) =>
            {
                try
                {
                    await next(token);
                }
                catch (FormatException)
                {
                    await next(token);
                }
            }));
        await app.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);
        var attempts = 0;
        app.Book.OnResync = (_, _) => ++attempts < 4 ? throw new FormatException($"attempt {attempts}") : Task.CompletedTask;
        await app.Harness.AnnounceGapAsync();
        await app.Harness.WhenResyncedAsync<OrderPlaced>(count: 2, allowFailures: true);
        Assert.Equal(4, attempts);
        Assert.Equal("attempt 2", Assert.Single(app.Harness.Failures).Exception!.Message);
    }

    [Fact]
    public async Task Types_that_share_a_channel_have_their_own_handlers_and_filters()
    {
        await using var app = await App.StartAsync(static services =>
        {
            static Task WriteAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken token)
            {
                context.Services.GetRequiredService<Book>().Write($"{context.Channel}: {context.Value?.GetType().Name ?? "gap"}");
                return next(token);
            }

            services.AddPgListener(options => options.ChannelPrefix = "dev_")
                .AddHandler<OrderPlaced, BillingHandler>()
                .AddHandler(static (Notification<OrderPaid> paid, Book book, CancellationToken _) =>
                {
                    book.Write($"paid {paid.Value.Id} on {paid.Channel}");
                    return Task.CompletedTask;
                })
                .AddFilter(WriteAsync)
                .MapChannel<OrderPaid>("order_placed");
        });
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.Equal(
            ["Started", "order 1", "order_placed: OrderPaid", "order_placed: OrderPlaced", "order_placed: gap", "paid 1 on order_placed"],
            app.Book.Lines.Order(StringComparer.Ordinal));
    }
}
