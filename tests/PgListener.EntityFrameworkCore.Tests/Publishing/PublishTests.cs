using Microsoft.EntityFrameworkCore;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>What is sent when a context saves.</summary>
public class PublishTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Both ways to save.</summary>
    public static TheoryData<bool> Ways => [true, false];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task It_is_sent_with_the_row(bool isAsync)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            Assert.Empty(await shop.SentAsync());
            Assert.Equal(1, await SaveAsync(db, isAsync));
        });
        Assert.Equal(["order_placed: 1 tea"], await shop.SentAsync());
        Assert.Equal("tea", await shop.ProductsAsync());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Nothing_is_sent_of_what_fails_at_the_commit(bool isAsync)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.ExecuteAsync("insert into orders (product) values ('tea')");
        await shop.RunAsync(async db =>
        {
            // One statement, for which Entity Framework Core needs no transaction. The constraint is checked at the commit.
            var order = db.Orders.Add(new() { Product = "tea" }).Entity;
            db.Publish(new OrderPlaced(0, "tea"));
            await Assert.ThrowsAnyAsync<Exception>(() => SaveAsync(db, isAsync));
            Assert.Empty(await shop.SentAsync());

            // It waits, as the change does.
            order.Product = "coffee";
            await SaveAsync(db, isAsync);
            Assert.Equal(["order_placed: 0 tea"], await shop.SentAsync());
        });
        Assert.Equal("tea coffee", await shop.ProductsAsync());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_statement_that_fails_leaves_it_waiting(bool isAsync)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            var line = new Line { Text = "" };
            db.Orders.Add(new() { Product = "tea", Lines = { line } });
            db.Publish(new OrderPlaced(0, "tea"));
            await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(db, isAsync));
            Assert.Empty(await shop.SentAsync());

            line.Text = "hot";
            await SaveAsync(db, isAsync);
            await SaveAsync(db, isAsync);
        });
        Assert.Equal(["order_placed: 0 tea"], await shop.SentAsync());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task It_is_sent_without_changes_too(bool isAsync)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            db.Publish(new OrderPlaced(1, "tea"));
            db.Publish(new StockChanged("tea"));
            Assert.Equal(0, await SaveAsync(db, isAsync));
        });
        Assert.Equal(["order_placed: 1 tea", "stock_changed: tea"], await shop.SentAsync());
    }

    [Fact]
    public async Task Values_of_a_channel_are_sent_together_in_their_order()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            db.Publish(new OrderPlaced(1, "tea"));
            db.Publish(new StockChanged("tea"));
            db.Publish(new OrderPlaced(2, "coffee"));
            db.PublishAfterSave(() => new OrderPlaced(3, "milk"));
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 1 tea", "order_placed: 2 coffee", "order_placed: 3 milk", "stock_changed: tea"], await shop.SentAsync());
        Assert.Equal(2, shop.Statements("pg_notify").Count);
    }

    [Theory]
    [InlineData(AutoTransactionBehavior.WhenNeeded)]
    [InlineData(AutoTransactionBehavior.Never)]
    public async Task The_setting_of_transactions_is_as_before(AutoTransactionBehavior behavior)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.ExecuteAsync("insert into orders (product) values ('tea')");
        await shop.RunAsync(async db =>
        {
            db.Publish(new OrderPlaced(1, "tea"));
            db.Database.AutoTransactionBehavior = behavior;
            var order = db.Orders.Add(new() { Product = "tea" }).Entity;
            await Assert.ThrowsAnyAsync<Exception>(() => db.SaveChangesAsync(Cancellation));
            Assert.Empty(await shop.SentAsync());

            order.Product = "coffee";
            await db.SaveChangesAsync(Cancellation);
            Assert.Equal(behavior, db.Database.AutoTransactionBehavior);
        });
        Assert.Equal(["order_placed: 1 tea"], await shop.SentAsync());
    }

    [Fact]
    public async Task What_an_interceptor_publishes_while_saving_is_sent()
    {
        await using var shop = await Shop.CreateAsync(server, configure: options => options.AddInterceptors(new PublishingInterceptor()));
        await shop.ExecuteAsync("insert into orders (product) values ('tea')");
        await shop.RunAsync(async db =>
        {
            var order = db.Orders.Add(new() { Product = "tea" }).Entity;
            await Assert.ThrowsAnyAsync<Exception>(() => db.SaveChangesAsync(Cancellation));
            db.ClearPublished();
            order.Product = "coffee";
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(["stock_changed: coffee"], await shop.SentAsync());
    }

    [Fact]
    public async Task What_is_cleared_is_not_sent()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            db.Publish(new OrderPlaced(1, "tea"));
            db.ClearPublished();
            db.Publish(new OrderPlaced(2, "coffee"));
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 2 coffee"], await shop.SentAsync());
    }

    [Fact]
    public async Task A_blocking_save_does_not_need_its_own_thread_to_go_on()
    {
        await using var shop = await Shop.CreateAsync(server);
        await using var publisher = new NotificationPublisher(shop.ConnectionString);
        var saved = new TaskCompletionSource();
        var thread = new Thread(() =>
        {
            // As in a desktop application, whose thread cannot run what is posted to it while it is blocked.
            SynchronizationContext.SetSynchronizationContext(new BusyThread());
            using var db = new ShopContext(new DbContextOptionsBuilder().UseNpgsql(shop.ConnectionString).UsePgListener(new YieldingPublisher(publisher)).Options);
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            db.SaveChanges();
            saved.SetResult();
        });
        thread.IsBackground = true;
        thread.Start();
        await saved.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal(["order_placed: 1 tea"], await shop.SentAsync());
    }

    private static Task<int> SaveAsync(DbContext db, bool isAsync) => isAsync ? db.SaveChangesAsync(Cancellation) : Task.FromResult(Save(db));

    private static int Save(DbContext db) => db.SaveChanges();
}
