using System.Net;
using System.Net.Http.Json;
using Cache;
using Microsoft.Extensions.DependencyInjection;
using WebApi.Tests;

namespace PgListener.Samples.Tests;

public sealed class CacheTests(Server server)
{
    [Fact]
    public async Task The_second_request_is_a_hit_until_somebody_changes_the_row_and_then_no_instance_has_it_any_more()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var one = await WebSample<Product>.StartAsync(database);
        await using var other = await WebSample<Product>.StartAsync(database);
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
        await using var cache = await WebSample<Product>.StartAsync(database);
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
        await using var cache = await WebSample<Product>.StartAsync(database);
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
        await using var app = await WebSample<Product>.StartAsync(database);
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
        await using var app = await WebSample<Product>.StartAsync(database);
        var cache = app.Services.GetRequiredService<ProductCache>();

        await Assert.ThrowsAsync<TimeoutException>(() => cache.GetAsync(1, _ => Task.FromException<Product?>(new TimeoutException())));

        Assert.Equal((2.5m, "miss"), await GetAsync(app, 1));
    }

    [Fact]
    public async Task A_change_of_very_many_rows_leaves_nothing_stale()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var cache = await WebSample<Product>.StartAsync(database);
        await database.ExecuteAsync("insert into products select i, 'Product', 1 from generate_series(4, 50000) i");
        await Eventually.GetAsync(() => GetAsync(cache, 50_000), answer => answer.Source == "hit");
        int[] some = [1, 10, 20_000, 49_999];
        foreach (var id in some)
            await FillAsync(cache, id);

        await database.ExecuteAsync("update products set price = 5");

        foreach (var id in some)
            await Eventually.GetAsync(() => GetAsync(cache, id), answer => answer.Price == 5);
    }

    /// <summary>Asks until it is there. The listener's start may still clear it.</summary>
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
}
