using System.Net;
using System.Net.Http.Json;
using Cache;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
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
        await database.ExecuteAsync("update products set price = 9 where id in (1, 2)");
        Assert.Equal((9m, "miss"), await GetAsync(cache, 1));
        Assert.Equal((9m, "miss"), await GetAsync(cache, 1));

        cache.LetListenerReturn();
        foreach (var id in (long[])[1, 2])
            await Eventually.GetAsync(() => GetNewAsync(id), answer => answer.Source == "hit");

        async Task<(decimal? Price, string Source)> GetNewAsync(long id)
        {
            var answer = await GetAsync(cache, id);
            Assert.Equal(9, answer.Price);
            return answer;
        }
    }

    [Fact]
    public async Task A_reading_that_is_overtaken_by_a_change_is_not_kept()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var app = await StartAsync(database);
        var cache = app.Services.GetRequiredService<HybridCache>();
        await FillAsync(app, 2);
        var old = new TaskCompletionSource<Product?>();
        var reading = cache.GetOrCreateAsync("product:1", _ => new ValueTask<Product?>(old.Task), cancellationToken: TestContext.Current.CancellationToken);

        // One transaction, so one after the other: when the second has been dealt with, the first has been too.
        await database.ExecuteAsync("update products set price = 9 where id = 1; update products set price = 9 where id = 2");
        await Eventually.GetAsync(() => GetAsync(app, 2), answer => answer.Price == 9);
        old.SetResult(new(1, "Espresso", 2.5m));

        Assert.Equal(2.5m, (await reading)?.Price);
        Assert.Equal((9m, "miss"), await GetAsync(app, 1));
    }

    [Fact]
    public async Task A_reading_that_fails_is_not_kept()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var app = await StartAsync(database);
        var cache = app.Services.GetRequiredService<HybridCache>();

        await Assert.ThrowsAsync<TimeoutException>(
            async () => await cache.GetOrCreateAsync("product:1", _ => ValueTask.FromException<Product?>(new TimeoutException()), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal((2.5m, "miss"), await GetAsync(app, 1));
    }

    [Theory]
    [InlineData("update products set price = 5; insert into products select i, 'Product', 5 from generate_series(4, 20000) i")]
    [InlineData("truncate products; insert into products values (1, 'Espresso', 5), (20000, 'Product', 5)")]
    public async Task A_change_of_many_rows_clears_everything(string sql)
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var app = await StartAsync(database);
        await FillAsync(app, 1);
        await FillAsync(app, 20_000);

        await database.ExecuteAsync(sql);

        await Eventually.GetAsync(() => GetAsync(app, 20_000), answer => answer.Price == 5);
        Assert.Equal(5m, (await GetAsync(app, 1)).Price);
    }

    [Fact]
    public async Task An_update_that_changes_nothing_leaves_it_there()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var app = await StartAsync(database);
        await FillAsync(app, 1);
        await FillAsync(app, 2);

        await database.ExecuteAsync("update products set price = price where id = 1; update products set price = 9 where id = 2");

        await Eventually.GetAsync(() => GetAsync(app, 2), answer => answer.Price == 9);
        Assert.Equal((2.5m, "hit"), await GetAsync(app, 1));
    }

    /// <summary>Starts it, and waits until its handler has dealt with the listener's start: nothing but a change clears the cache from then on.</summary>
    private static async Task<WebSample<Product>> StartAsync(Database database)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sample = await WebSample<Product>.StartAsync(database, services => services.AddPgListener().AddFilter(async (context, next, token) =>
        {
            await next(token);
            if (context.Resync is not null)
                started.TrySetResult();
        }));
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
}
