using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>How contexts are registered, and what is said when something is missing.</summary>
public class RegistrationTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pooled_context_forgets_what_was_not_saved_and_says_so()
    {
        await using var shop = await Shop.CreateAsync(server, (services, connectionString) =>
        {
            services.AddPgListener(connectionString: connectionString);
            services.AddDbContextPool<ShopContext>(options => options.UseNpgsql(connectionString).UsePgListener(), poolSize: 1);
        });
        ShopContext? first = null;
        await shop.RunAsync(db =>
        {
            first = db;
            db.Publish(new OrderPlaced(1, "tea"));
            return Task.CompletedTask;
        });
        await shop.RunAsync(async db =>
        {
            Assert.Same(first, db);
            Assert.Equal(AutoTransactionBehavior.WhenNeeded, db.Database.AutoTransactionBehavior);
            db.Publish(new OrderPlaced(2, "coffee"));
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 2 coffee"], await shop.SentAsync());
        var warning = Assert.Single(shop.Log.GetSnapshot(), record => record.Category == "PgListener");
        Assert.Equal(760, warning.Id.Id);
        Assert.StartsWith($"1 value(s) published on a {typeof(ShopContext)} were never sent", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_context_that_is_disposed_of_without_saving_says_so()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(db =>
        {
            db.Publish(new OrderPlaced(1, "tea"));
            return Task.CompletedTask;
        });
        Assert.Empty(await shop.SentAsync());
        Assert.StartsWith($"1 value(s) published on a {typeof(ShopContext)} were never sent", Assert.Single(shop.Log.GetSnapshot(), record => record.Id.Id == 760).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_factory_makes_contexts_that_publish()
    {
        await using var shop = await Shop.CreateAsync(server, (services, connectionString) =>
        {
            services.AddPgListener(connectionString: connectionString);
            services.AddPooledDbContextFactory<ShopContext>(options => options.UsePgListener().UseNpgsql(connectionString));
        });
        var factory = shop.Services.GetRequiredService<IDbContextFactory<ShopContext>>();
        for (var i = 1; i <= 2; i++)
        {
            await using var db = await factory.CreateDbContextAsync(Cancellation);
            db.Publish(new OrderPlaced(i, "tea"));
            await db.SaveChangesAsync(Cancellation);
        }

        Assert.Equal(["order_placed: 1 tea", "order_placed: 2 tea"], await shop.SentAsync());
    }

    [Fact]
    public async Task The_publisher_of_a_named_listener_is_used()
    {
        await using var shop = await Shop.CreateAsync(server, (services, connectionString) =>
        {
            services.AddPgListener("shop", connectionString).MapChannel<OrderPlaced>("stock_changed");
            services.AddDbContext<ShopContext>(options => options.UseNpgsql(connectionString).UsePgListener("shop"));
        });
        await shop.RunAsync(async db =>
        {
            db.Publish(new OrderPlaced(1, "tea"));
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(["stock_changed: 1 tea"], await shop.SentAsync());
    }

    [Fact]
    public void A_context_without_UsePgListener_says_what_to_call()
        => Says("options.UseNpgsql(…).UsePgListener()", new DbContextOptionsBuilder<ShopContext>().UseNpgsql("Host=nowhere"));

    [Fact]
    public void A_context_of_another_provider_names_it()
        => Says("its provider is Microsoft.EntityFrameworkCore.InMemory", new DbContextOptionsBuilder<ShopContext>().UseInMemoryDatabase("shop").UsePgListener());

    [Fact]
    public void A_context_without_an_application_says_how_to_get_one()
        => Says("UsePgListener(publisher)", new DbContextOptionsBuilder<ShopContext>().UseNpgsql("Host=nowhere").UsePgListener());

    [Theory]
    [InlineData(null, "services.AddPgListener()")]
    [InlineData("shop", "services.AddPgListener(\"shop\")")]
    public void An_application_without_a_publisher_says_what_to_call(string? name, string remedy)
    {
        using var services = new ServiceCollection().BuildServiceProvider();
        Says(remedy, new DbContextOptionsBuilder<ShopContext>().UseNpgsql("Host=nowhere").UsePgListener(name).UseApplicationServiceProvider(services));
    }

    private static void Says(string remedy, DbContextOptionsBuilder options)
    {
        using var db = new ShopContext(options.Options);
        var error = Assert.Throws<InvalidOperationException>(() => db.Publish(new OrderPlaced(1, "tea")));
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
    }
}
