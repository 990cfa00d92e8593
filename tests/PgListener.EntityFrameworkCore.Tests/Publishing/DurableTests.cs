using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.EntityFrameworkCore.Tests.Publishing;

/// <summary>Messages of durable channels, published in the same way.</summary>
public class DurableTests(ServerFixture server)
{
    private const string Messages = "select coalesce(string_agg(convert_from(payload, 'UTF8'), ' ' order by id), '') from pglistener.message";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_message_is_part_of_the_transaction(bool commits)
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            var tea = db.Orders.Add(new() { Product = "tea" }).Entity;
            db.PublishAfterSave(() => new OrderBilled(tea.Id));
            await db.SaveChangesAsync(Cancellation);
            if (commits)
                await transaction.CommitAsync(Cancellation);
        });
        Assert.Equal(commits ? "1" : "", await shop.QueryAsync<string>(Messages));
    }

    [Fact]
    public async Task The_message_has_the_transaction_of_the_row()
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync(async db =>
        {
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderBilled(1));
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.True(await shop.QueryAsync<bool>("select m.tx::text::bigint % 4294967296 = o.xmin::text::bigint from pglistener.message m, orders o"));
    }

    [Fact]
    public async Task Readers_are_woken_after_the_commit_and_not_by_the_transaction()
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync(async db =>
        {
            db.Orders.Add(new() { Product = "tea" });
            db.Publish(new OrderBilled(1));
            await db.SaveChangesAsync(Cancellation);

            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            db.Publish(new OrderBilled(2));
            await db.SaveChangesAsync(Cancellation);
            await transaction.CommitAsync(Cancellation);
        });
        Assert.Equal("1 2", await shop.QueryAsync<string>(Messages));

        // Disposing of the publisher sends what waits.
        await shop.Services.DisposeAsync();
        Assert.Contains("order_billed: ", await shop.SentAsync());
        Assert.Equal(2, shop.Statements("INSERT INTO pglistener.message").Count);
        Assert.Empty(shop.Statements("pg_notify"));
    }

    [Fact]
    public async Task Readers_are_woken_by_a_transaction_on_a_connection_that_a_context_has_used()
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync(async db =>
        {
            DbTransaction former;
            await using (var transaction = await db.Database.BeginTransactionAsync(Cancellation))
                former = transaction.GetDbTransaction();

            // Npgsql uses the connection again, and the object of its transaction.
            await using var connection = await shop.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Cancellation);
            await using var next = await connection.BeginTransactionAsync(Cancellation);
            Assert.Same(former, next);
            await shop.Services.GetRequiredService<INotificationPublisher>().PublishAsync(new OrderBilled(1), next, Cancellation);
            await next.CommitAsync(Cancellation);
        });
        Assert.Contains("order_billed: ", await shop.SentAsync());
    }

    [Fact]
    public async Task Live_and_durable_values_are_sent_together()
    {
        await using var shop = await CreateAsync();
        await shop.RunAsync(async db =>
        {
            db.Publish(new OrderBilled(1));
            db.Publish(new StockChanged("tea"));
            await db.SaveChangesAsync(Cancellation);
        });
        Assert.Contains("stock_changed: tea", await shop.SentAsync());
        Assert.Equal("1", await shop.QueryAsync<string>(Messages));
    }

    private async Task<Shop> CreateAsync()
    {
        var shop = await Shop.CreateAsync(server);
        await using var dataSource = NpgsqlDataSource.Create(shop.ConnectionString);
        await DurableSchema.CreateAsync(dataSource, Cancellation);
        return shop;
    }
}
