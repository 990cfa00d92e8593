using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PgListener.Harness.Tests;

/// <summary>Where the harness can be added, and what it leaves as it is.</summary>
public sealed class RegistrationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_can_be_added_before_and_twice_and_what_it_connects_to_is_not_looked_at(bool usesDataSource)
    {
        await using var app = await App.StartWithOwnHarnessAsync(services =>
        {
            services.AddPgListenerHarness();
            services.AddPgListenerHarness();
            var listener = services.AddPgListener(connectionString: "no connection string").AddHandler<OrderPlaced, BillingHandler>();
            if (usesDataSource)
                listener.UseDataSource();
        });
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.Equal(["Started", "order 1"], app.Book.Lines);
    }

    [Fact]
    public async Task Other_settings_are_checked_as_usual()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => App.StartAsync(static services => services.AddPgListener(options => options.QueueCapacity = 0)));
        Assert.Contains("QueueCapacity", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listeners_with_names_share_the_server_and_can_be_looked_at_one_by_one()
    {
        await using var app = await App.StartAsync(static services =>
        {
            services.AddPgListener("web").AddHandler<OrderPlaced, BillingHandler>();
            services.AddPgListener("audit").AddHandler<OrderPlaced, BillingHandler>();
        });
        var (web, audit) = (app.Harness.For("web"), app.Harness.For("audit"));
        await app.Services.GetRequiredKeyedService<INotificationPublisher>("web").PublishAsync(new OrderPlaced(1), Cancellation);
        await audit.PublishAsync(new OrderPlaced(2));
        await app.Harness.WhenHandledAsync<OrderPlaced, BillingHandler>(2);
        Assert.Equal((1, 0), (web.Published().Count, audit.Published().Count));
        Assert.All(web.Calls, call => Assert.Equal("web", call.Listener));
        Assert.Equal(app.Harness.Calls.Count, web.Calls.Count + audit.Calls.Count);

        await audit.AnnounceGapAsync();
        await audit.WhenResyncedAsync<OrderPlaced>();
        await audit.DisconnectAsync();
        Assert.Equal(ListenerState.Listening, app.Services.GetRequiredKeyedService<IPgListener>("web").State);
        Assert.Equal(ListenerState.Reconnecting, app.Services.GetRequiredKeyedService<IPgListener>("audit").State);
        await app.Harness.PublishAsync(new OrderPlaced(3));
        await web.WhenHandledAsync<OrderPlaced>(3);
        Assert.Equal(1, app.Harness.Calls.Count(call => call.Resync?.Reason == ResyncReason.Reconnected));

        Assert.Equal("There is no listener 'shop'. The application has 'web', 'audit'. (Parameter 'listenerName')", Assert.Throws<ArgumentException>(() => app.Harness.For("shop")).Message);
    }

    [Fact]
    public async Task A_decorated_handler_runs_and_is_waited_for_by_its_class()
    {
        await using var app = await App.StartAsync(static services =>
        {
            services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>();
            var index = services.ToList().FindIndex(descriptor => descriptor.ServiceType == typeof(INotificationHandler<OrderPlaced>));
            services[index] = ServiceDescriptor.Transient<INotificationHandler<OrderPlaced>, Decorator>();
        });
        await app.Harness.PublishAsync(new OrderPlaced(1));
        await app.Harness.WhenHandledAsync<OrderPlaced, BillingHandler>();
        Assert.Equal(["Started", "before", "order 1"], app.Book.Lines);
    }

    [Fact]
    public async Task A_listener_that_waits_for_its_server_at_the_start_starts()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener(options => options.StartupTimeout = TimeSpan.FromSeconds(10)));
        Assert.Equal((ListenerState.Listening, "memory"), (app.Listener.State, app.Listener.Status.Server));
        Assert.NotNull(app.Listener.Status.RoundTrip);
    }

    [Fact]
    public async Task Settings_that_change_while_it_runs_hold()
    {
        var configuration = new ConfigurationManager();
        configuration["PgListener:QueueCapacity"] = "100";
        await using var app = await App.StartAsync(services =>
        {
            services.AddSingleton<IConfiguration>(configuration);
            services.AddPgListener().AddHandler<OrderPlaced, BillingHandler>();
        });
        Assert.Equal(100, app.Listener.GetStatistics()[0].QueueCapacity);
        configuration["PgListener:QueueCapacity"] = "7";
        ((IConfigurationRoot)configuration).Reload();
        Assert.Equal(7, app.Listener.GetStatistics()[0].QueueCapacity);
    }

    [Fact]
    public async Task Several_applications_of_one_process_do_not_hear_each_other()
    {
        await using var one = await App.StartAsync();
        await using var other = await App.StartAsync();
        await one.Harness.PublishAsync(new OrderPlaced(1));
        await other.Harness.PublishAsync(new OrderPlaced(2));
        await one.Harness.WhenHandledAsync<OrderPlaced>();
        await other.Harness.WhenHandledAsync<OrderPlaced>();
        Assert.Equal(["Started", "order 1"], one.Book.Lines);
        Assert.Equal(["Started", "order 2"], other.Book.Lines);
    }

    private sealed class Decorator(BillingHandler inner, Book book) : INotificationHandler<OrderPlaced>
    {
        public Task HandleAsync(Notification<OrderPlaced> notification, CancellationToken cancellationToken)
        {
            book.Write("before");
            return inner.HandleAsync(notification, cancellationToken);
        }
    }
}
