using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>The host's start and stop when something is not as it should be.</summary>
public sealed class StartAndStopTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed record Item(string Text) : INotificationChannel<Item>
    {
        public static string ChannelName { get; } = NewChannel("start");

        public static Item Parse(string payload) => new(payload);
    }

    [Fact]
    public async Task A_host_that_is_told_to_stop_while_its_start_waits_stops_cleanly()
    {
        await using var host = TestHost.WithoutServer();
        host.Configuration["PgListener:StartupTimeout"] = "00:05:00";
        host.Services.AddHostedService<StopsAtTheEnd>();
        host.Services.AddPgListener();
        host.Services.AddHostedService<Binds>();
        await host.StartAsync().SoonAsync();
        await host.Host.WaitForShutdownAsync(Cancellation).SoonAsync();
        Assert.DoesNotContain(host.Log.GetSnapshot(), record => record.Level >= LogLevel.Error);
    }

    /// <summary>Asks for a stop, as SIGTERM does, once all services are started, so while the listener's wait begins.</summary>
    private sealed class StopsAtTheEnd(IHostApplicationLifetime lifetime) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken)
        {
            _ = Task.Run(lifetime.StopApplication, CancellationToken.None);
            return Task.CompletedTask;
        }

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>As a web server: it does not start with a token that is canceled, and must be started before the listener waits.</summary>
    private sealed class Binds : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Subscribing(IPgListener listener, Received<string> received) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await listener.SubscribeAsync(Item.ChannelName, received.Payloads(), cancellationToken: cancellationToken);
            await listener.SubscribeAsync<Item>(
                (notification, _) =>
                {
                    received.Add(notification.Value.Text);
                    return Task.CompletedTask;
                },
                cancellationToken: cancellationToken);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Subscribing_in_a_hosted_service_waits_for_no_server(bool first)
    {
        await using var host = TestHost.WithoutServer();
        host.Services.AddSingleton(new Received<string>());
        if (first)
            host.Services.AddHostedService<Subscribing>();
        host.Services.AddPgListener();
        if (!first)
            host.Services.AddHostedService<Subscribing>();
        await host.StartAsync().SoonAsync();
        Assert.Equal(2, host.Listener.GetStatistics().Count);
        Assert.False(host.Listener.WaitUntilListeningAsync(Cancellation).IsCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_subscribed_before_the_server_was_reached_is_heard(bool first)
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received);
        if (first)
            host.Services.AddHostedService<Subscribing>();
        host.Services.AddPgListener();
        if (!first)
            host.Services.AddHostedService<Subscribing>();
        await host.StartListeningAsync().SoonAsync();
        await server.NotifyAsync(Item.ChannelName, "1");
        Assert.Equal(["1", "1"], await received.NextAsync(2, seconds: 20));
    }

    private sealed class Waiting(IPgListener listener) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => listener.WaitUntilListeningAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public async Task A_service_that_is_started_before_the_listener_may_wait_for_it()
    {
        await using var host = new TestHost(server.ConnectionString);
        host.Services.AddHostedService<Waiting>();
        host.Services.AddPgListener();
        await host.StartAsync().SoonAsync();
        Assert.Equal(ListenerState.Listening, host.Listener.State);
    }

    private sealed class NeedsScope(Received<string> received, IServiceProvider services) : INotificationHandler<Item>
    {
        public async Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken)
        {
            received.Add(notification.Value.Text);
            await Task.Yield();
            services.GetRequiredService<Received<string>>();
        }
    }

    /// <summary>As a web server whose port is in use, after the listener hears and its queue is filling.</summary>
    private sealed class Failing(IPgListener listener, ServerFixture server, Received<string> received) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await listener.WaitUntilListeningAsync(cancellationToken);
            await server.Sender.NotifyRangeAsync(Item.ChannelName, 0, 20_000, cancellationToken: cancellationToken);
            await received.NextAsync();
            throw new InvalidOperationException("The port is in use.");
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public async Task A_start_that_fails_is_followed_by_no_noise_of_handlers()
    {
        var host = new TestHost(server.ConnectionString);
        host.Services.AddSingleton(new Received<string>()).AddSingleton(server);
        host.Services.AddPgListener().AddHandler<Item, NeedsScope>();
        host.Services.AddHostedService<Failing>();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync);
        Assert.Equal("The port is in use.", error.Message);
        await ((IAsyncDisposable)host.Host).DisposeAsync().AsTask().SoonAsync(seconds: 10);
        Assert.DoesNotContain(host.Log.GetSnapshot(), record => record.Exception is ObjectDisposedException || $"{record.Exception}".Contains("ObjectDisposed", StringComparison.Ordinal));
        Assert.Empty(host.Lines(200));
    }

    /// <summary>Begins to read when it is stopped, as one that says goodbye to others.</summary>
    private sealed class ReadingAtStop(IPgListener listener, Received<string> received) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            await foreach (var notification in listener.ReadAllAsync(Item.ChannelName, cancellationToken: CancellationToken.None))
                received.Add(notification.Payload);
            await foreach (var item in listener.ReadItemsAsync(Item.ChannelName, cancellationToken: CancellationToken.None))
                received.Add($"{item}");
            await foreach (var notification in listener.ReadAllAsync<Item>(cancellationToken: CancellationToken.None))
                received.Add(notification.Value.Text);
            received.Add("ended");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_begins_during_the_stop_ends_at_once_whether_the_listener_is_stopped_or_not(bool isStoppedBefore)
    {
        await using var host = new TestHost(server.ConnectionString);
        var received = new Received<string>();
        host.Services.AddSingleton(received);
        if (isStoppedBefore)
            host.Services.AddHostedService<ReadingAtStop>();
        host.Services.AddPgListener();
        if (!isStoppedBefore)
            host.Services.AddHostedService<ReadingAtStop>();
        await host.StartListeningAsync().SoonAsync();
        await host.Host.StopAsync(Cancellation).SoonAsync();
        Assert.Equal("ended", await received.NextAsync());
    }

    [Fact]
    public async Task The_root_of_the_configuration_has_the_section()
    {
        await using var host = new TestHost(server.ConnectionString);
        host.Configuration["PgListener:QueueCapacity"] = "7";
        host.Configuration["PgListener:x:QueueCapacity"] = "8";
        host.Services.AddPgListener(host.Configuration);
        host.Services.AddPgListener("x", (IConfiguration)host.Configuration);
        await host.StartAsync();
        var options = host.Host.Services.GetRequiredService<Microsoft.Extensions.Options.IOptionsMonitor<PgListenerOptions>>();
        Assert.Equal((7, 8), (options.CurrentValue.QueueCapacity, options.Get("x").QueueCapacity));
    }

    private static class Names
    {
        public static async Task StartAsync(IPgListener listener, CancellationToken cancellationToken)
        {
            await listener.SubscribeAsync<Item>(HandleItemAsync, cancellationToken: cancellationToken);
            await listener.SubscribeAsync<Item>(Local, cancellationToken: cancellationToken);
            await listener.SubscribeAsync("c", (_, _) => Task.CompletedTask, cancellationToken: cancellationToken);

            static Task Local(Notification<Item> notification, CancellationToken cancellationToken) => Task.CompletedTask;
        }

        private static Task HandleItemAsync(Notification<Item> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public async Task A_subscription_has_the_name_of_its_method()
    {
        await using var host = new TestHost(server.ConnectionString);
        host.Services.AddPgListener();
        await host.StartListeningAsync();
        await Names.StartAsync(host.Listener, Cancellation).SoonAsync();
        Assert.Equal(["HandleItemAsync", "Local", "StartAsync"], host.Listener.GetStatistics().Select(statistics => statistics.Name).Order(StringComparer.Ordinal));
    }
}
