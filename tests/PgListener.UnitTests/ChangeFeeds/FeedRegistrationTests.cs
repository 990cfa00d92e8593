using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PgListener.UnitTests.ChangeFeeds;

public class FeedRegistrationTests
{
    private static readonly ChangeFeed Products = ChangeFeed.For("products").Key("id");

    private sealed record Product;

    private sealed class Handler : INotificationHandler<Changes<Product>>
    {
        public Task HandleAsync(Notification<Changes<Product>> notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [Fact]
    public void The_channel_and_the_durability_are_those_of_the_feed()
    {
        var registration = new ServiceCollection().AddPgListener(connectionString: "Host=h").AddChangeFeed<Product>(Products.Durable()).Registration;
        Assert.Equal(("changes:public.products", true), (registration.ChannelNameOf<Changes<Product>>(), registration.IsDurable<Changes<Product>>()));
        Assert.Null(registration.ProblemWithFeed<Changes<Product>>());
        Assert.NotNull(registration.ProblemWithFeed<Changes<Handler>>());
    }

    [Fact]
    public void A_type_has_one_feed_with_a_key()
    {
        var builder = new ServiceCollection().AddPgListener(connectionString: "Host=h").AddChangeFeed<Product>(Products).AddChangeFeed<Product>(ChangeFeed.For("public.products").Key("id"));
        Assert.Contains("Product has two change feeds", Assert.Throws<ArgumentException>(() => builder.AddChangeFeed<Product>(Products.Columns("price"))).Message, StringComparison.Ordinal);
        Assert.Contains("has no key", Assert.Throws<ArgumentException>(() => builder.AddChangeFeed<Handler>(ChangeFeed.For("products"))).Message, StringComparison.Ordinal);
        Assert.Contains("ChangeFeed.For(…).Channel(…)", Assert.Throws<ArgumentException>(() => builder.MapChannel<Changes<Product>>("c")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_feeds_do_not_share_a_function_or_a_channel()
    {
        var builder = new ServiceCollection().AddPgListener(connectionString: "Host=h").AddChangeFeed<Product>(Products.Where("kind", "new")).AddChangeFeed<Handler>(Products.Where("kind", "new"));
        Refused("have the same function public.products_new_changes", Products.Where("state", "new").Channel("others"));
        Refused("have the same channel 'changes:public.products:new'", Products.Where("state", "new").Named("others"));
        Refused("have the same channel", ChangeFeed.For("goods").Key("id").Channel("changes:public.products:new"));
        builder.AddChangeFeed<string>(Products.Where("state", "new").Named("others").Channel("others")).AddChangeFeed<int>(ChangeFeed.For("shop.products").Key("id").Where("kind", "new"));

        void Refused(string problem, ChangeFeed feed) => Assert.Contains(problem, Assert.Throws<ArgumentException>(() => builder.AddChangeFeed<string>(feed)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_queue_that_keeps_the_newest_notification_only_is_refused(bool byListener)
    {
        var services = new ServiceCollection();
        services.AddPgListener(connectionString: "Host=h", options => options.FullQueueMode = byListener ? FullQueueMode.KeepLatest : FullQueueMode.Wait)
            .AddChangeFeed<Product>(Products)
            .AddHandler<Changes<Product>, Handler>(handler => handler.FullQueueMode = byListener ? null : FullQueueMode.KeepLatest);
        using var provider = services.BuildServiceProvider();
        Assert.Contains("Its FullQueueMode is KeepLatest", Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<PgListenerOptions>>().Value).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_is_asked_once_before_the_handlers_are_planned()
    {
        var asked = 0;
        var services = new ServiceCollection().AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        var builder = services.AddPgListener(connectionString: "Host=h").AddHandler<Changes<Product>, Handler>();
        builder.Registration.Feeds.AddSource(provider =>
        {
            Assert.NotNull(provider.GetService<IConfiguration>());
            asked++;
            return [(typeof(Changes<Product>), Products)];
        });
        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>();
        Assert.Single(options.CurrentValue.Handlers);
        _ = provider.GetRequiredService<IPgListener>();
        Assert.Equal((1, "changes:public.products"), (asked, provider.GetRequiredService<IPgListener>().ChannelNameOf<Changes<Product>>()));
    }

    [Fact]
    public void What_is_wrong_with_the_feeds_of_a_source_fails_the_start()
    {
        var services = new ServiceCollection();
        var builder = services.AddPgListener(connectionString: "Host=h").AddChangeFeed<Product>(Products);
        builder.Registration.Feeds.AddSource(_ => [(typeof(Changes<Product>), Products.Columns("price"))]);
        using var provider = services.BuildServiceProvider();
        Assert.Contains("Product has two change feeds", Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().CurrentValue).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_durable_feed_needs_durable_channels_for_its_handlers()
    {
        var services = new ServiceCollection();
        services.AddPgListener(connectionString: "Host=h").AddChangeFeed<Product>(Products.Durable()).AddHandler<Changes<Product>, Handler>();
        using var provider = services.BuildServiceProvider();
        Assert.Contains("Handler Handler is on the durable channel Changes<Product>", Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptionsMonitor<PgListenerOptions>>().CurrentValue).Message, StringComparison.Ordinal);
    }
}
