using System.Net;
using System.Net.Http.Json;
using Cache;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using WebApi.Tests;

namespace PgListener.Samples.Tests;

public sealed class CacheTests(Server server)
{
    [Fact]
    public async Task The_second_request_is_a_hit_until_somebody_changes_the_row_and_then_no_instance_has_it_any_more()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var one = await StartAsync(database);
        await using var other = await StartAsync(database);
        await FillAsync(one, 1);
        await FillAsync(other, 1);

        await database.ExecuteAsync("update products set price = 9 where id = 1");

        foreach (var instance in new[] { one, other })
        {
            Assert.Equal((9m, "miss"), await Eventually.GetAsync(() => GetAsync(instance, 1), answer => answer.Price == 9));
            Assert.Equal((9m, "hit"), await GetAsync(instance, 1));
        }
    }

    [Fact]
    public async Task What_is_not_there_is_cached_too_until_it_is_added_and_so_is_what_is_deleted_or_renumbered()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var cache = await StartAsync(database);
        await FillAsync(cache, 7);
        Assert.Equal((null, "hit"), await GetAsync(cache, 7));

        await database.ExecuteAsync("insert into products values (7, 'Tea', 3)");
        await Eventually.GetAsync(() => GetAsync(cache, 7), answer => answer.Price == 3);

        await database.ExecuteAsync("update products set id = 8 where id = 7");
        await Eventually.GetAsync(() => GetAsync(cache, 7), answer => answer.Price is null);
        Assert.Equal((3m, "miss"), await GetAsync(cache, 8));

        await database.ExecuteAsync("delete from products where id = 8");
        await Eventually.GetAsync(() => GetAsync(cache, 8), answer => answer.Price is null);
    }

    [Fact]
    public async Task While_it_cannot_hear_it_does_not_answer_from_memory_and_afterwards_it_has_forgotten_everything()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var cache = await StartAsync(database);
        await FillAsync(cache, 1);
        await FillAsync(cache, 2);

        await cache.LoseListenerAsync();
        await database.ExecuteAsync("update products set price = 9 where id = 1");
        Assert.Equal((9m, "bypass"), await GetAsync(cache, 1));
        Assert.Equal(ListenerState.Reconnecting, cache.Listener.State);

        await cache.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.Equal((4m, "miss"), await Eventually.GetAsync(() => GetAsync(cache, 2), answer => answer.Source == "miss"));
        Assert.Equal((9m, "miss"), await GetAsync(cache, 1));
        Assert.Equal((9m, "hit"), await GetAsync(cache, 1));
    }

    [Fact]
    public async Task A_reading_that_is_overtaken_by_a_change_is_not_kept()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var app = await StartAsync(database);
        var cache = app.Services.GetRequiredService<ProductCache>();
        await FillAsync(app, 2);
        var old = new TaskCompletionSource<Product?>();
        var reading = cache.GetAsync(1, _ => old.Task);

        // One transaction, so one after the other: when the second has been dealt with, the first has been too.
        await database.ExecuteAsync("update products set price = 9 where id = 1; update products set price = 9 where id = 2");
        await Eventually.GetAsync(() => GetAsync(app, 2), answer => answer.Price == 9);
        old.SetResult(new(1, "Espresso", 2.5m));

        Assert.Equal(2.5m, (await reading).Product?.Price);
        Assert.Equal((9m, "miss"), await GetAsync(app, 1));
    }

    [Fact]
    public async Task A_reading_that_fails_is_not_kept()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var app = await StartAsync(database);
        var cache = app.Services.GetRequiredService<ProductCache>();

        await Assert.ThrowsAsync<TimeoutException>(() => cache.GetAsync(1, _ => Task.FromException<Product?>(new TimeoutException())));

        Assert.Equal((2.5m, "miss"), await GetAsync(app, 1));
    }

    [Fact]
    public async Task A_change_of_more_rows_than_it_can_follow_pauses_nothing_and_clears_everything()
    {
        const int rows = 20_000;
        await using var database = await server.CreateDatabaseAsync();
        var gate = new TaskCompletionSource();
        await using var app = await StartAsync(database, gate.Task);
        await FillAsync(app, 1);
        await FillAsync(app, rows);
        var heard = 0;
        var heardAll = new TaskCompletionSource();
        await app.Listener.SubscribeAsync<ProductChanged>(
            (_, _) =>
            {
                if (++heard == rows + 3)
                    heardAll.SetResult();
                return Task.CompletedTask;
            },
            cancellationToken: TestContext.Current.CancellationToken);

        // The handler is held up at the first of them, and its queue has room for 1000.
        await database.ExecuteAsync($"update products set price = 5; insert into products select i, 'Product', 5 from generate_series(4, {rows + 3}) i");
        await heardAll.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.Equal((null, "hit"), await GetAsync(app, rows));
        gate.SetResult();

        await Eventually.GetAsync(() => GetAsync(app, rows), answer => answer.Price == 5);
        Assert.Equal(5m, (await GetAsync(app, 1)).Price);
    }

    /// <summary>Starts it, and waits until its handler has dealt with the listener's start: nothing but a change clears the cache from then on.</summary>
    /// <param name="database">Its database.</param>
    /// <param name="gate">What the handler waits for at each notification.</param>
    private static async Task<WebSample<Product>> StartAsync(Database database, Task? gate = null)
    {
        var started = new TaskCompletionSource();
        var sample = await WebSample<Product>.StartAsync(database, services => services.Replace(ServiceDescriptor.Transient<INotificationHandler<ProductChanged>>(
            scope => new Watched(scope.GetRequiredService<Invalidation>(), gate ?? Task.CompletedTask, started))));
        await started.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        return sample;
    }

    /// <summary>Asks until it is there.</summary>
    private static async Task FillAsync(WebSample<Product> sample, long id)
        => await Eventually.GetAsync(() => GetAsync(sample, id), answer => answer.Source == "hit");

    private static async Task<(decimal? Price, string Source)> GetAsync(WebSample<Product> sample, long id)
    {
        using var response = await sample.Client.GetAsync(new Uri($"/products/{id}", UriKind.Relative), TestContext.Current.CancellationToken);
        var source = response.Headers.GetValues("X-Cache").Single();
        if (response.StatusCode == HttpStatusCode.NotFound)
            return (null, source);
        response.EnsureSuccessStatusCode();
        return ((await response.Content.ReadFromJsonAsync<Product>(TestContext.Current.CancellationToken))!.Price, source);
    }

    /// <summary>The sample's handler, which waits where it is told to and says when it has been told of the start.</summary>
    private sealed class Watched(Invalidation handler, Task gate, TaskCompletionSource started) : INotificationHandler<ProductChanged>, IResyncHandler<ProductChanged>
    {
        public async Task HandleAsync(Notification<ProductChanged> notification, CancellationToken cancellationToken)
        {
            await gate.WaitAsync(cancellationToken);
            await handler.HandleAsync(notification, cancellationToken);
        }

        public async Task ResyncAsync(Resync resync, CancellationToken cancellationToken)
        {
            await handler.ResyncAsync(resync, cancellationToken);
            started.TrySetResult();
        }
    }
}
