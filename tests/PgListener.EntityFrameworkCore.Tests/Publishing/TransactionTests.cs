using System.Transactions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>What is sent in transactions of the application, and when they are repeated.</summary>
public class TransactionTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_saves_of_a_transaction_are_sent_with_its_commit()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            var tea = db.Orders.Add(new() { Product = "tea" }).Entity;
            db.PublishAfterSave(() => new OrderPlaced(tea.Id, "tea"));
            await db.SaveChangesAsync(Cancellation);
            db.Publish(new OrderPlaced(2, "coffee"));
            db.SaveChanges();
            Assert.Empty(await shop.SentAsync());
            await transaction.CommitAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 1 tea", "order_placed: 2 coffee"], await shop.SentAsync());
    }

    [Fact]
    public async Task Nothing_is_sent_of_a_transaction_that_is_rolled_back()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            await using (var transaction = await db.Database.BeginTransactionAsync(Cancellation))
            {
                db.Orders.Add(new() { Product = "tea" });
                db.Publish(new OrderPlaced(1, "tea"));
                await db.SaveChangesAsync(Cancellation);
                await transaction.RollbackAsync(Cancellation);
            }

            // The changes were accepted, so there is nothing to save any more, and nothing to send.
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Empty(await shop.SentAsync());
    }

    [Fact]
    public async Task Nothing_is_sent_of_a_savepoint_that_is_rolled_back()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            await db.SaveChangesAsync(Cancellation);
            await transaction.CreateSavepointAsync("before_coffee", Cancellation);
            db.Orders.Add(new() { Product = "coffee" });
            db.Publish(new OrderPlaced(2, "coffee"));
            await db.SaveChangesAsync(Cancellation);
            await transaction.RollbackToSavepointAsync("before_coffee", Cancellation);
            await transaction.CommitAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 1 tea"], await shop.SentAsync());
        Assert.Equal("tea", await shop.ProductsAsync());
    }

    [Fact]
    public async Task A_save_that_fails_in_a_transaction_can_be_repeated_in_it()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            db.Publish(new OrderPlaced(1, "tea"));
            await db.SaveChangesAsync(Cancellation);
            var line = new Line { Text = "" };
            db.Orders.Add(new() { Product = "coffee", Lines = { line } });
            db.Publish(new OrderPlaced(2, "coffee"));
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(Cancellation));
            line.Text = "hot";
            await db.SaveChangesAsync(Cancellation);
            await transaction.CommitAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 1 tea", "order_placed: 2 coffee"], await shop.SentAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_transaction_of_another_context_or_connection_is_used(bool commits)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async owner =>
        {
            await using var transaction = await owner.Database.BeginTransactionAsync(Cancellation);
            await using (var db = new ShopContext(new DbContextOptionsBuilder<ShopContext>().UseNpgsql(owner.Database.GetDbConnection()).UsePgListener(Publisher(shop)).Options))
            {
                await db.Database.UseTransactionAsync(transaction.GetDbTransaction(), Cancellation);
                db.Orders.Add(new() { Product = "tea" });
                db.Publish(new OrderPlaced(1, "tea"));
                await db.SaveChangesAsync(Cancellation);
            }

            if (commits)
                await transaction.CommitAsync(Cancellation);
        });
        Assert.Equal(commits ? ["order_placed: 1 tea"] : [], await shop.SentAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_is_part_of_an_ambient_transaction(bool completes)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
            var tea = db.Orders.Add(new() { Product = "tea" }).Entity;
            db.PublishAfterSave(() => new OrderPlaced(tea.Id, "tea"));
            await db.SaveChangesAsync(Cancellation);
            db.Publish(new StockChanged("tea"));
            await db.SaveChangesAsync(Cancellation);
            Assert.Empty(await SentOutsideAsync(shop));
            if (completes)
                scope.Complete();
        });
        Assert.Equal(completes ? ["order_placed: 1 tea", "stock_changed: tea"] : [], await shop.SentAsync());
        Assert.Equal(completes ? "tea" : "", await shop.ProductsAsync());
    }

    [Fact]
    public async Task It_is_part_of_a_transaction_that_the_connection_is_enlisted_in()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            using var transaction = new CommittableTransaction();
            await db.Database.OpenConnectionAsync(Cancellation);
            db.Database.EnlistTransaction(transaction);
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            await db.SaveChangesAsync(Cancellation);
            Assert.Empty(await shop.SentAsync());
            transaction.Commit();
        });
        Assert.Equal(["order_placed: 1 tea"], await shop.SentAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_save_that_is_repeated_sends_once(bool hasChanges)
    {
        await using var shop = await CreateWithRetriesAsync();
        await shop.RunAsync(async db =>
        {
            if (hasChanges)
                db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            db.Publish(new OrderPlaced(1, "tea!"));
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 1 tea", "order_placed: 1 tea!"], await shop.SentAsync());
        Assert.Equal(hasChanges ? "tea" : "", await shop.ProductsAsync());
    }

    [Fact]
    public async Task A_block_that_is_repeated_sends_once()
    {
        await using var shop = await CreateWithRetriesAsync();
        await shop.RunAsync(db => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            db.ClearPublished();
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            await db.SaveChangesAsync(Cancellation);
            await transaction.CommitAsync(Cancellation);
        }));
        Assert.Equal(["order_placed: 1 tea"], await shop.SentAsync());
        Assert.Equal("tea", await shop.ProductsAsync());
    }

    [Fact]
    public async Task Changes_that_are_not_accepted_are_sent_again_with_the_next_attempt()
    {
        await using var shop = await CreateWithRetriesAsync();
        await shop.RunAsync(async db =>
        {
            var attempts = 0;
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            await db.Database.CreateExecutionStrategy().ExecuteInTransactionAsync(
                db,
                async (context, token) =>
                {
                    attempts++;
                    await context.SaveChangesAsync(acceptAllChangesOnSuccess: false, token);
                },
                (_, _) => Task.FromResult(false),
                Cancellation);
            db.ChangeTracker.AcceptAllChanges();
            await db.SaveChangesAsync(Cancellation);
            Assert.Equal(2, attempts);
        });
        Assert.Equal(["order_placed: 1 tea"], await shop.SentAsync());
        Assert.Equal("tea", await shop.ProductsAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Changes_that_are_not_accepted_are_sent_again_if_the_ambient_transaction_fails(bool completes)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            {
                await db.SaveChangesAsync(acceptAllChangesOnSuccess: false, Cancellation);
                if (completes)
                    scope.Complete();
            }

            if (completes)
                db.ChangeTracker.AcceptAllChanges();
            Assert.Equal(completes ? ["order_placed: 1 tea"] : [], await shop.SentAsync());
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(completes ? [] : ["order_placed: 1 tea"], await shop.SentAsync());
        Assert.Equal("tea", await shop.ProductsAsync());
    }

    [Fact]
    public async Task A_concurrency_conflict_leaves_it_waiting()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.ExecuteAsync("insert into orders (product) values ('tea')");
        await shop.RunAsync(async db =>
        {
            var order = await db.Orders.SingleAsync(Cancellation);
            await shop.ExecuteAsync("update orders set product = 'milk'");
            order.Product = "coffee";
            db.Publish(new OrderPlaced(1, "coffee"));
            await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync(Cancellation));

            // A transaction that saves nothing sends nothing.
            await using (var transaction = await db.Database.BeginTransactionAsync(Cancellation))
                await transaction.CommitAsync(Cancellation);
            Assert.Empty(await shop.SentAsync());

            await db.Entry(order).ReloadAsync(Cancellation);
            order.Product = "coffee";
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 1 coffee"], await shop.SentAsync());
    }

    [Fact]
    public async Task A_save_that_fails_before_it_begins_leaves_it_waiting()
    {
        await using var shop = await Shop.CreateAsync(server, configure: options => options.AddInterceptors(new FailingSaves()));
        await shop.RunAsync(async db =>
        {
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderPlaced(1, "tea"));
            await Assert.ThrowsAsync<TimeoutException>(() => db.SaveChangesAsync(Cancellation));

            // A transaction that saves nothing sends nothing.
            await using (var transaction = await db.Database.BeginTransactionAsync(Cancellation))
                await transaction.CommitAsync(Cancellation);
            Assert.Empty(await shop.SentAsync());

            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal(["order_placed: 1 tea"], await shop.SentAsync());
    }

    private static INotificationPublisher Publisher(Shop shop) => (INotificationPublisher)shop.Services.GetService(typeof(INotificationPublisher))!;

    private static async Task<IReadOnlyList<string>> SentOutsideAsync(Shop shop)
    {
        using var outside = new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        return await shop.SentAsync();
    }

    private Task<Shop> CreateWithRetriesAsync()
    {
        var failing = new FailingCommits();
        return Shop.CreateAsync(server, (services, connectionString) =>
        {
            services.AddPgListener(connectionString: connectionString);
            services.AddDbContext<ShopContext>(options => options
                .UseNpgsql(connectionString, npgsql => npgsql.EnableRetryOnFailure(3, TimeSpan.Zero, errorCodesToAdd: null))
                .UsePgListener()
                .AddInterceptors(failing));
        });
    }
}
