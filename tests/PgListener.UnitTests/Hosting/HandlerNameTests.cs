using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PgListener.Registration;

namespace PgListener.UnitTests.Hosting;

/// <summary>What handlers are called, where their settings are, and what is found wrong with them at the start.</summary>
public sealed class HandlerNameTests
{
    private sealed record Other : INotificationChannel<Other>
    {
        public static string ChannelName => "others";

        public static Other Parse(string payload) => new();
    }

    private sealed class Missing;

    private sealed class Needed<T>;

    private sealed class ShowAsync : INotificationHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static class Methods
    {
        public static Task ShowAsync(Notification<Item> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class Handler : INotificationHandler<Item>
    {
        public Task HandleAsync(Notification<Item> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public void A_delegate_is_called_after_its_method_and_a_lambda_after_its_channel()
        => Assert.Equal(
            ["Item:Item delegate", "Item:Item delegate 2", "Item:StaticAsync", "Item:StaticAsync 2", "Item:LocalAsync", "Other:StaticAsync", "Other:Other delegate"],
            Names(builder =>
            {
                builder
                    .AddHandler((Notification<Item> _, CancellationToken _) => Task.CompletedTask)
                    .AddHandler<Item>((_, _) => Task.CompletedTask)
                    .AddHandler<Item>(StaticAsync)
                    .AddHandler<Item>(StaticAsync)
                    .AddHandler<Item>(LocalAsync)
                    .AddHandler<Other>(StaticAsync)
                    .AddHandler<Other>((_, _) => Task.CompletedTask);

                static Task LocalAsync(Notification<Item> notification, CancellationToken cancellationToken) => Task.CompletedTask;
            }));

    [Fact]
    public void A_name_that_is_set_is_for_any_handler()
        => Assert.Equal(
            ["Item:Orders", "Item:Class", "Item:Own", "Other:Orders"],
            Names(builder => builder
                .AddHandler<Item>((_, _) => Task.CompletedTask, handler => handler.Name = "Orders")
                .AddHandler<Item, Handler>(handler => handler.Name = "Class")
                .AddChannel<Item>(handler => handler.Name = "Own")
                .AddHandler<Other>(StaticAsync, handler => handler.Name = "Orders")
                .Services.AddTransient<INotificationHandler<Item>, ShowAsync>()));

    [Fact]
    public void What_has_no_name_of_its_own_gives_way()
        => Assert.Equal(
            ["Item:ShowAsync 2", "Item:ShowAsync", "Item:Item delegate 2", "Item:Item Delegate"],
            Names(builder => builder
                .AddHandler<Item>(Methods.ShowAsync)
                .AddHandler<Item, ShowAsync>()
                .AddHandler<Item>((_, _) => Task.CompletedTask)
                .AddHandler<Item>(StaticAsync, handler => handler.Name = "Item Delegate")));

    [Fact]
    public void Two_handlers_of_a_channel_cannot_be_given_the_same_name()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Names(builder => builder
            .AddHandler<Item>(StaticAsync, handler => handler.Name = "Orders")
            .AddHandler<Item>(StaticAsync, handler => handler.Name = "orders")));
        Assert.Equal("Two handlers of channel Item have the name 'orders'. Set another HostedHandlerOptions.Name for one of them.", error.Message);
        Assert.Throws<InvalidOperationException>(() => Names(builder => builder.AddHandler<Item>(StaticAsync, handler => handler.Name = "Handler").AddHandler<Item, Handler>()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a:b")]
    public void A_name_is_that_of_a_section(string name)
        => Assert.Throws<ArgumentException>(() => new ServiceCollection().AddPgListener().AddHandler<Item>(StaticAsync, handler => handler.Name = name));

    [Fact]
    public void Methods_and_names_that_are_set_have_settings_in_the_configuration()
    {
        using var provider = Provider(
            builder => builder
                .AddHandler<Item>(StaticAsync, handler => handler.QueueCapacity = 1)
                .AddHandler<Other>(StaticAsync)
                .AddHandler<Item>((_, _) => Task.CompletedTask, handler => handler.Name = "Orders")
                .AddHandler<Item, Handler>(handler => handler.Name = "Class"),
            ("PgListener:Handlers:StaticAsync:QueueCapacity", "2"),
            ("PgListener:Handlers:orders:QueueCapacity", "3"),
            ("PgListener:Handlers:Class:QueueCapacity", "4"));
        provider.GetRequiredService<IStartupValidator>().Validate();
        Assert.Equal([2, 3, 4, 2], provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().CurrentValue.Handlers.Values.Select(handler => handler.QueueCapacity));
    }

    [Fact]
    public void A_lambda_has_no_settings_in_the_configuration()
    {
        using var provider = Provider(builder => builder.AddHandler<Item>((_, _) => Task.CompletedTask).AddHandler<Item>(StaticAsync), ("PgListener:Handlers:Item delegate:QueueCapacity", "2"));
        var error = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IStartupValidator>().Validate);
        Assert.Contains("PgListener:Handlers:Item delegate is the name of no handler. The handlers are: StaticAsync.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_service_fails_the_start_and_is_named_with_handler_and_channel()
    {
        using var provider = Provider(builder => builder
            .AddHandler((Notification<Item> _, IConfiguration _, Missing _, CancellationToken _) => Task.CompletedTask)
            .AddHandler<Item, IEnumerable<Missing>, Needed<Missing>>(NeedsAsync));
        var error = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IStartupValidator>().Validate);
        Assert.Equal(
            [
                "Handler Item delegate on channel Item takes Missing from the services, and it is not registered. Register the service, or remove the parameter.",
                "Handler NeedsAsync on channel Item takes NeededOfMissing from the services, and it is not registered. Register the service, or remove the parameter.",
            ],
            error.Failures);

        static Task NeedsAsync(Notification<Item> notification, IEnumerable<Missing> all, Needed<Missing> one, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static Task StaticAsync(Notification<Item> notification, CancellationToken cancellationToken) => Task.CompletedTask;

    private static Task StaticAsync(Notification<Other> notification, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string[] Names(Action<PgListenerBuilder> add)
    {
        using var provider = Provider(add);
        return [.. provider.GetRequiredKeyedService<ListenerRegistration>("").Handlers.Select(handler => $"{handler.ChannelName}:{handler.Name}")];
    }

    private static ServiceProvider Provider(Action<PgListenerBuilder> add, params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Postgres", "Host=h"), .. settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value))]).Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration);
        add(services.AddPgListener());
        return services.BuildServiceProvider();
    }
}
