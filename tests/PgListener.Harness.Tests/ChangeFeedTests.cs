using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Harness.Tests;

/// <summary>A change feed without a database: a test tells the changes itself.</summary>
public sealed class ChangeFeedTests
{
    private sealed class ProductChanges(Book book) : INotificationHandler<Changes<OrderPaid>>, IResyncHandler<Changes<OrderPaid>>
    {
        public Task HandleAsync(Notification<Changes<OrderPaid>> notification, CancellationToken cancellationToken)
        {
            book.Write($"{notification.Value.Operation} {string.Join(' ', notification.Value.Keys)} on {notification.Channel}");
            return Task.CompletedTask;
        }

        public Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            book.Write($"{resync.Reason}");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Changes_and_everything_arrive_in_their_order_and_nothing_is_checked()
    {
        await using var app = await App.StartAsync(static services => services.AddPgListener()
            .AddChangeFeed<OrderPaid>(ChangeFeed.For("orders").Key("id"))
            .AddHandler<Changes<OrderPaid>, ProductChanges>());
        await app.Harness.WhenResyncedAsync<Changes<OrderPaid>>(ResyncReason.Started);
        await app.Harness.PublishAsync(new Changes<OrderPaid>(ChangeOperation.Delete, [ChangeKey.Of(1), ChangeKey.Of(2)]));
        await app.Harness.PublishAsync("changes:public.orders", """{"op":"truncate","all":true}""");
        await app.Publisher.PublishAsync(new Changes<OrderPaid>(ChangeOperation.Insert, [ChangeKey.Of(3)]), TestContext.Current.CancellationToken);
        await app.Harness.WhenHandledAsync<Changes<OrderPaid>>(2);
        await app.Harness.WhenResyncedAsync<Changes<OrderPaid>>(ResyncReason.Everything);
        Assert.Equal(["Started", "Delete 1 2 on changes:public.orders", "Everything", "Insert 3 on changes:public.orders"], app.Book.Lines);
    }
}
