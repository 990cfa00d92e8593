using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Harness.Tests;

public sealed class HandledTests
{
    [Fact]
    public async Task A_notification_is_handled_without_a_connection_string()
    {
        await using var app = await App.StartAsync();
        await app.Harness.PublishAsync(new OrderPlaced(42, 9.5m));
        await app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.Equal(["Started", "order 42"], app.Book.Lines);
    }

    [Fact]
    public async Task A_thousand_applications_are_started_and_tested_within_seconds_and_leave_nothing()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 1000; i++)
        {
            await using var app = await App.StartAsync();
            await app.Harness.PublishAsync(new OrderPlaced(42, 9.5m));
            await app.Harness.WhenHandledAsync<OrderPlaced>();
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{watch.Elapsed.TotalSeconds:0.00} s for 1,000 applications.");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30));
    }
}
