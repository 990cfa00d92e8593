using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace PgListener.Harness.Tests;

/// <summary>What the application publishes.</summary>
public sealed class PublishedTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_application_publishes_is_seen_in_its_order_and_heard_by_its_handlers()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener().AddHandler<OrderPlaced, ShippingHandler>());
        await app.Publisher.PublishAsync(new OrderPlaced(1), Cancellation);
        await app.Publisher.PublishManyAsync([new OrderPlaced(2), new OrderPlaced(3)], Cancellation);
        await app.Publisher.PublishAsync("news", "text", Cancellation);
        await app.Harness.PublishAsync(new OrderPlaced(4));
        await app.Harness.WhenHandledAsync<OrderPlaced>(4);

        Assert.Equal([1, 2, 3], app.Harness.Published<OrderPlaced>().Select(order => order.Id));
        Assert.Equal([1, 2, 3, 4], app.Harness.Published<OrderPaid>().Select(order => order.Id));
        Assert.Contains(app.Harness.Published(), notification => notification is { Channel: "news", Payload: "text" });
        Assert.Equal(["shipped 1", "shipped 2", "shipped 3", "shipped 4"], app.Book.Lines);
    }

    [Fact]
    public async Task What_PostgreSQL_would_refuse_or_merge_is_refused_or_merged()
    {
        await using var app = await App.StartAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => app.Publisher.PublishAsync("order_placed", new string('é', 4000), Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => app.Publisher.PublishAsync("order_placed", "\0", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => app.Publisher.PublishAsync(new string('c', 64), "x", Cancellation));
        await app.Publisher.PublishManyAsync([new OrderPlaced(1), new OrderPlaced(1), new OrderPlaced(2)], Cancellation);
        await app.Harness.WhenHandledAsync<OrderPlaced>(2);

        Assert.Equal(["Started", "order 1", "order 2"], app.Book.Lines);
        Assert.Equal([1, 1, 2], app.Harness.Published<OrderPlaced>().Select(order => order.Id));
    }

    [Fact]
    public async Task Settings_of_the_publisher_hold()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener(options =>
        {
            options.Publisher.AllowDuplicates = true;
            options.Publisher.CoalesceWindow = TimeSpan.Zero;
        }).AddHandler<OrderPlaced, BillingHandler>());
        await app.Publisher.PublishManyAsync([new OrderPlaced(1), new OrderPlaced(1)], Cancellation);
        await app.Harness.WhenHandledAsync<OrderPlaced>(2);
        Assert.Equal(["Started", "order 1", "order 1"], app.Book.Lines);
    }

    [Fact]
    public async Task Any_connection_and_transaction_is_good_and_what_is_published_there_is_sent_at_once()
    {
        await using var app = await App.StartAsync();
        await using var connection = new NpgsqlConnection("Host=nowhere");
        await app.Publisher.PublishAsync(new OrderPlaced(1), connection, Cancellation);
        await using (var transaction = new SomeTransaction())
            await app.Publisher.PublishAsync(new OrderPlaced(2), transaction, Cancellation);
        await app.Harness.WhenHandledAsync<OrderPlaced>(2);
        Assert.Equal(["Started", "order 1", "order 2"], app.Book.Lines);
    }

    private sealed class SomeTransaction : DbTransaction
    {
        public override System.Data.IsolationLevel IsolationLevel => default;

        protected override DbConnection? DbConnection => null;

        public override void Commit()
        {
        }

        public override void Rollback()
        {
        }
    }
}
