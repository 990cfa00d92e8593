using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace PgListener.Harness.Tests;

/// <summary>A server that cannot be reached for a while.</summary>
public sealed class DisconnectTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lost_server_shows_in_state_and_health_and_its_return_announces_the_gap()
    {
        await using var app = await App.StartAsync(static services =>
        {
            services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>();
            services.AddHealthChecks().AddPgListener(gracePeriod: TimeSpan.Zero);
        });
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(app));

        await app.Harness.DisconnectAsync();
        Assert.Equal(ListenerState.Reconnecting, app.Listener.State);
        Assert.Equal(HealthStatus.Unhealthy, await HealthAsync(app));
        await app.Harness.PublishAsync(new OrderPlaced(2)); // Somebody else's, which is missed.
        var failure = await Assert.ThrowsAsync<NpgsqlException>(() => app.Publisher.PublishAsync(new OrderPlaced(3), Cancellation));
        Assert.True(failure.IsTransient);

        await app.Harness.ReconnectAsync();
        Assert.Equal(ListenerState.Listening, app.Listener.State);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(app));
        await app.Publisher.PublishAsync(new OrderPlaced(4), Cancellation);
        await app.Harness.WhenHandledAsync<OrderPlaced>(2);
        Assert.Equal(["Started", "order 1", "Reconnected", "order 4"], app.Book.Lines);
        Assert.Equal([4], app.Harness.Published<OrderPlaced>().Select(order => order.Id));
    }

    [Fact]
    public async Task An_application_starts_without_a_server()
    {
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = App.Build(services =>
        {
            services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>();
            services.AddFakeLogging(logs => logs.OutputSink = line =>
            {
                if (line.Contains("The in-memory server cannot be reached", StringComparison.Ordinal))
                    failed.TrySetResult();
            });
        });
        await app.Harness.DisconnectAsync();
        await app.StartHostAsync();
        await failed.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(ListenerState.Connecting, app.Listener.State);

        await app.Harness.ReconnectAsync();
        Assert.Equal(ListenerState.Listening, app.Listener.State);
        await app.Harness.WhenResyncedAsync<OrderPlaced>(ResyncReason.Started);
    }

    [Fact]
    public async Task A_host_stops_while_the_server_is_away()
    {
        await using var app = await App.StartAsync();
        await app.Harness.DisconnectAsync();
        await app.StopHostAsync().WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await app.Harness.ReconnectAsync();
        Assert.Equal(ListenerState.Stopped, app.Listener.State);
    }

    private static async Task<HealthStatus> HealthAsync(App app)
        => (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation)).Status;
}
