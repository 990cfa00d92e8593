using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Harness.Tests;

/// <summary>An application whose clock is moved by hand.</summary>
public sealed class ClockTests
{
    private readonly SignallingTime _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_of_the_harness_needs_the_clock_to_be_moved()
    {
        await using var app = await StartAsync();
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.AnnounceGapAsync();
        await app.Harness.DisconnectAsync();
        await app.Harness.ReconnectAsync();
        await app.Harness.PublishAsync(new OrderPlaced(2));
        await app.Harness.WhenHandledAsync<OrderPlaced>(2);
        await app.StopHostAsync();
        Assert.Equal("order 2", app.Book.Lines[^1]);
    }

    [Fact]
    public async Task A_handler_is_cancelled_when_its_time_limit_has_passed_on_that_clock()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(options => options.Timeout = TimeSpan.FromMinutes(5));
        app.Book.OnOrder = (_, cancellation) =>
        {
            begun.TrySetResult();
            return Task.Delay(Timeout.Infinite, cancellation);
        };
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        var handled = app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.False(handled.IsCompleted);

        _time.Advance(TimeSpan.FromTicks(1));
        var failure = await Assert.ThrowsAsync<TimeoutException>(() => handled);
        Assert.Equal("BillingHandler on channel 'order_placed' was cancelled by its time limit (Timeout).", failure.Message);
        Assert.IsType<OperationCanceledException>(failure.InnerException, exactMatch: false);
    }

    [Fact]
    public async Task A_handler_that_ignores_its_cancelled_token_hangs_once_the_grace_has_passed_on_that_clock()
    {
        var begun = new SemaphoreSlim(0);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(options =>
        {
            options.Timeout = TimeSpan.FromSeconds(20);
            options.MaxConcurrency = 2;
        });
        app.Book.OnOrder = (_, _) =>
        {
            begun.Release();
            return release.Task;
        };
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.PublishAsync(new OrderPlaced(2));
        for (var i = 0; i < 2; i++)
            Assert.True(await begun.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(0, app.Listener.GetStatistics()[0].Hanging);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal((2, _time.Start), (app.Listener.GetStatistics()[0].Hanging, app.Listener.GetStatistics()[0].HangingSince));

        var handled = app.Harness.WhenHandledAsync<OrderPlaced>(2);
        release.SetResult();
        await handled; // It is not hanging any more by then.
        Assert.Equal((0, null), (app.Listener.GetStatistics()[0].Hanging, app.Listener.GetStatistics()[0].HangingSince));
        Assert.Empty(app.Harness.Failures);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_filter_that_ignores_the_token_hangs_as_a_handler_does_also_for_a_gap(bool isGap)
    {
        var begun = new SemaphoreSlim(0);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await App.StartAsync(services =>
        {
            services.AddSingleton<TimeProvider>(_time);
            services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>(options =>
            {
                options.Timeout = TimeSpan.FromSeconds(20);
                options.AddFilter(async (context, next, token) =>
                {
                    if (context.Resync is { Reason: ResyncReason.Started })
                    {
                        await next(token);
                        return;
                    }

                    begun.Release();
                    await release.Task;
                    await next(token);
                });
            });
        });
        await app.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);
        if (isGap)
            await app.Harness.AnnounceGapAsync();
        else
            await app.Harness.PublishAsync(new OrderPlaced(1));
        Assert.True(await begun.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        for (var i = 0; i < 2; i++)
            _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(1, app.Listener.GetStatistics()[0].Hanging);

        release.SetResult();
        if (isGap)
            await app.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Reconnected);
        else
            await app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.Equal(0, app.Listener.GetStatistics()[0].Hanging);
    }

    [Fact]
    public async Task A_resync_that_has_failed_is_made_again_when_the_clock_is_moved()
    {
        await using var app = await StartAsync();
        await app.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);
        app.Book.OnResync = static (_, _) => throw new InvalidOperationException("The cache is away.");
        await app.Harness.PublishAsync(new OrderPlaced(1));
        _time.Advance(TimeSpan.FromHours(1));
        await app.Harness.WhenHandledAsync<OrderPlaced>();
        await app.Harness.AnnounceGapAsync();
        await app.Harness.PublishAsync(new OrderPlaced(2));
        await Assert.ThrowsAsync<InvalidOperationException>(() => app.Harness.WhenResyncedAsync<OrderPlaced>());
        Assert.NotNull(app.Listener.GetStatistics()[0].ResyncFailure);

        app.Book.OnResync = static (_, _) => Task.CompletedTask;
        _time.Advance(TimeSpan.FromSeconds(1));
        await app.Harness.WhenResyncedAsync<OrderPlaced>(count: 2, allowFailures: true);
        await app.Harness.WhenHandledAsync<OrderPlaced>(2);
        Assert.Equal(["Started", "order 1", "Reconnected", "order 2"], app.Book.Lines);
        var gap = app.Harness.Failures[0].Resync!;
        Assert.Equal((ResyncReason.Reconnected, _time.Start.AddHours(1), _time.Start.AddHours(1)), (gap.Reason, gap.Since, gap.Until));
    }

    [Fact]
    public async Task A_queue_that_stays_full_for_too_long_on_that_clock_overflows_and_the_gap_is_announced()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await App.StartAsync(services =>
        {
            services.AddSingleton<TimeProvider>(_time);
            services.AddPgListener(options => options.MaxBackpressure = TimeSpan.FromSeconds(30))
                .AddHandler<OrderPlaced, BillingHandler>(options => options.QueueCapacity = 1)
                .AddHandler<OrderPlaced, ShippingHandler>();
        });
        app.Book.OnOrder = (_, cancellation) =>
        {
            begun.TrySetResult();
            return release.Task.WaitAsync(cancellation);
        };
        for (var i = 1; i <= 3; i++)
            await app.Harness.PublishAsync(new OrderPlaced(i));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);

        await _time.WhenWaitedForAsync(TimeSpan.FromSeconds(30), Cancellation);
        _time.Advance(TimeSpan.FromSeconds(30));
        await app.Harness.WhenHandledAsync<OrderPlaced, ShippingHandler>(3);
        release.SetResult();
        await app.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Overflow);
        Assert.Equal(["Started", "order 1", "Overflow"], app.Book.Lines.Where(line => !line.StartsWith("shipped", StringComparison.Ordinal)));
        Assert.Equal(2, app.Harness.Calls.Single(call => call.Resync?.Reason == ResyncReason.Overflow).Resync!.Dropped);
    }

    [Fact]
    public async Task A_handler_that_never_ends_does_not_keep_the_application_from_ending()
    {
        await using (var app = await StartAsync())
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            app.Book.OnOrder = (_, _) =>
            {
                begun.TrySetResult();
                return new TaskCompletionSource().Task;
            };
            await app.Harness.PublishAsync(new OrderPlaced(1));
            await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
            var late = await Assert.ThrowsAsync<TimeoutException>(() => app.Harness.WhenHandledAsync<OrderPlaced>(limit: TimeSpan.FromMilliseconds(50)));
            Assert.Contains("Its clock is a SignallingTime", late.Message, StringComparison.Ordinal);
            await app.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        }
    }

    private Task<App> StartAsync(Action<HandlerOptions>? configure = null) => App.StartAsync(services =>
    {
        services.AddSingleton<TimeProvider>(_time);
        services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>(configure);
    });
}
