using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PgListener.UnitTests.Configuration;

/// <summary>Settings of handlers in the configuration.</summary>
public class HandlerSettingsTests
{
    [Fact]
    public void Configuration_wins_over_code_and_leaves_what_it_does_not_say()
    {
        var settings = Settings(
            services => services.AddPgListener().AddHandler<A, AHandler>(handler => (handler.MaxConcurrency, handler.QueueCapacity) = (4, 7)),
            ("PgListener:handlers:ahandler:maxConcurrency", "8"),
            ("PgListener:Handlers:AHandler:Timeout", "00:00:05"),
            ("PgListener:Handlers:AHandler:FullQueueMode", "drop"));
        var handler = Assert.Single(settings.Handlers).Value;
        Assert.Equal((8, 7, TimeSpan.FromSeconds(5), FullQueueMode.Drop), (handler.MaxConcurrency, handler.QueueCapacity, handler.Timeout, handler.FullQueueMode));
    }

    [Fact]
    public void One_entry_is_for_every_channel_of_the_class_which_otherwise_keep_what_the_code_says()
    {
        var settings = Settings(
            services => services.AddPgListener()
                .AddHandler<A, TwoHandler>(handler => handler.MaxConcurrency = 2)
                .AddHandler<B, TwoHandler>(handler => handler.MaxConcurrency = 3)
                .AddHandler<A, AHandler>(),
            ("PgListener:Handlers:TwoHandler:QueueCapacity", "5"));
        Assert.Equal(
            [(typeof(A), 2, 5), (typeof(A), 1, null), (typeof(B), 3, 5)],
            settings.Handlers.Select(handler => (handler.Key.Channel, handler.Value.MaxConcurrency, handler.Value.QueueCapacity)));
    }

    [Fact]
    public void A_handler_that_was_replaced_or_is_the_users_own_is_found_by_the_name_of_its_class()
    {
        var settings = Settings(
            services =>
            {
                services.AddPgListener().AddHandler<A, AHandler>().AddChannel<B>();
                services.Remove(services.Single(service => service.ServiceType == typeof(INotificationHandler<A>)));
                services.AddTransient<INotificationHandler<A>>(_ => new AHandler()).AddScoped<INotificationHandler<B>, TwoHandler>();
            },
            ("PgListener:Handlers:AHandler:QueueCapacity", "5"),
            ("PgListener:Handlers:TwoHandler:QueueCapacity", "6"));
        Assert.Equal([5, 6], settings.Handlers.Values.Select(handler => handler.QueueCapacity));
    }

    [Fact]
    public void A_named_listener_and_a_given_section_have_handlers_of_their_own()
    {
        var given = Configuration(("Handlers:AHandler:QueueCapacity", "6"), ("ConnectionString", "Host=h"));
        var services = new ServiceCollection().AddSingleton<IConfiguration>(Configuration(("PgListener:x:Handlers:AHandler:QueueCapacity", "5")));
        services.AddPgListener("x").AddHandler<A, AHandler>();
        services.AddPgListener("y", given).AddHandler<A, AHandler>();
        using var provider = services.BuildServiceProvider();
        var monitor = provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>();
        Assert.Equal([5, 6], new[] { "x", "y" }.Select(name => Assert.Single(monitor.Get(name).Handlers).Value.QueueCapacity));
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "PgListener:Handlers:AHandler:MaxConcurrency", "0", "PgListener:Handlers:AHandler:MaxConcurrency must be from 1 to 10000, but is 0." },
        { "PgListener:Handlers:AHandler:Timeout", "soon", "'PgListener:Handlers:AHandler:Timeout'" },
        { "PgListener:Handlers:AHandlr:Timeout", "00:00:01", "PgListener:Handlers:AHandlr is the name of no handler. The handlers are: AHandler, TwoHandler." },
        { "PgListener:Handlers:AHandlr", "", "PgListener:Handlers:AHandlr is the name of no handler." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_entry_is_named_with_its_path(string key, string value, string message)
    {
        var error = Assert.ThrowsAny<Exception>(() => Settings(services => services.AddPgListener().AddHandler<B, TwoHandler>().AddHandler<A, AHandler>(), (key, value)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static PgListenerOptions Settings(Action<IServiceCollection> configure, params (string Key, string? Value)[] settings)
    {
        var services = new ServiceCollection().AddSingleton<IConfiguration>(Configuration([.. settings, ("ConnectionStrings:Postgres", "Host=h")]));
        configure(services);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().CurrentValue;
    }

    private static IConfigurationRoot Configuration(params (string Key, string? Value)[] settings)
        => new ConfigurationBuilder().AddInMemoryCollection([.. settings.Append(("ConnectionStrings:Postgres", "Host=h")).DistinctBy(setting => setting.Item1).Select(setting => KeyValuePair.Create(setting.Item1, setting.Item2))]).Build();

    private sealed record A : INotificationChannel<A>
    {
        public static string ChannelName => "a";

        public static A Parse(string payload) => new();
    }

    private sealed record B : INotificationChannel<B>
    {
        public static string ChannelName => "b";

        public static B Parse(string payload) => new();
    }

    private sealed class AHandler : INotificationHandler<A>
    {
        public Task HandleAsync(Notification<A> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class TwoHandler : INotificationHandler<A>, INotificationHandler<B>
    {
        public Task HandleAsync(Notification<A> notification, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(Notification<B> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
