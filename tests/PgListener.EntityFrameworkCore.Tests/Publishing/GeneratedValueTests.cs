using System.Transactions;
using Microsoft.EntityFrameworkCore;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>What a value that is made after saving contains.</summary>
public class GeneratedValueTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Generated_keys_are_known(bool isInTransaction)
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.ExecuteAsync("select setval('orders_id_seq', 41); select setval('lines_id_seq', 6)");
        await shop.RunAsync(async db =>
        {
            await using var transaction = isInTransaction ? await db.Database.BeginTransactionAsync(Cancellation) : null;
            var line = new Line { Text = "hot" };
            var order = db.Orders.Add(new() { Product = "tea", Lines = { line } }).Entity;
            db.PublishAfterSave(() => new OrderPlaced(order.Id, $"{order.Product} of {order.Length} letters, line {line.Id} of {line.OrderId}"));
            await db.SaveChangesAsync(Cancellation);
            if (transaction is not null)
                await transaction.CommitAsync(Cancellation);
            Assert.Equal((42, 7, 42), (order.Id, line.Id, line.OrderId));

            order.Product = "coffee";
            db.PublishAfterSave(() => new StockChanged($"{order.Id} {order.Length}"));
            await db.SaveChangesAsync(Cancellation);
            Assert.Equal(EntityState.Unchanged, db.Entry(order).State);
        });
        Assert.Equal(["order_placed: 42 tea of 3 letters, line 7 of 42", "stock_changed: 42 6"], await shop.SentAsync());
    }

    [Fact]
    public async Task Generated_keys_are_known_to_values_that_refer_to_entities()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            var tea = db.Orders.Add(new() { Product = "tea" }).Entity;
            db.PublishAfterSave(() => new OrderSaved(tea));
            await db.SaveChangesAsync(Cancellation);
            Assert.Equal(1, tea.Id);

            using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
            var coffee = db.Orders.Add(new() { Product = "coffee" }).Entity;
            db.PublishAfterSave(() => new OrderSaved(coffee));
            await db.SaveChangesAsync(acceptAllChangesOnSuccess: false, Cancellation);
            Assert.Equal(0, coffee.Id);
            scope.Complete();
        });
        Assert.Equal(["order_placed: 1 tea", "order_placed: 2 coffee"], await shop.SentAsync());
    }

    [Fact]
    public async Task The_entities_of_a_failed_transaction_are_as_before()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.ExecuteAsync("insert into orders (product) values ('tea')");
        await shop.RunAsync(async db =>
        {
            var seen = new List<long>();
            var line = new Line { Text = "hot" };
            var order = db.Orders.Add(new() { Product = "tea", Lines = { line } }).Entity;
            db.PublishAfterSave(() =>
            {
                seen.Add(order.Id);
                return new OrderPlaced(order.Id, order.Product);
            });
            await Assert.ThrowsAnyAsync<Exception>(() => db.SaveChangesAsync(Cancellation));
            Assert.Equal([2], seen);
            Assert.Equal((0, 0, 0), (order.Id, line.Id, line.OrderId));
            Assert.Equal(EntityState.Added, db.Entry(order).State);

            order.Product = "coffee";
            await db.SaveChangesAsync(Cancellation);
            Assert.Equal((3, 3), (order.Id, line.OrderId));
        });
        Assert.Equal(["order_placed: 3 coffee"], await shop.SentAsync());
    }

    [Fact]
    public async Task A_function_that_throws_fails_the_save()
    {
        await using var shop = await Shop.CreateAsync(server);
        await shop.RunAsync(async db =>
        {
            db.Orders.Add(new() { Product = "tea" });
            db.PublishAfterSave<OrderPlaced>(() => throw new InvalidTimeZoneException());
            await Assert.ThrowsAsync<InvalidTimeZoneException>(() => db.SaveChangesAsync(Cancellation));
            Assert.Equal("", await shop.ProductsAsync());
            db.ClearPublished();
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Equal("tea", await shop.ProductsAsync());
        Assert.Empty(await shop.SentAsync());
    }
}
