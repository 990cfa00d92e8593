using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using WebApi.Tests;

namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>Caches that follow the changes of a table, of which nobody but the database tells.</summary>
public sealed class FeedTests(ServerFixture server)
{
    private const string Change = "update products set price = 2 where id = 1";

    [Fact]
    public async Task The_value_of_a_changed_row_goes_from_every_instance_and_others_stay()
    {
        await using var one = await ProductApp.StartAsync(server, configure: ByRow);
        await using var two = await one.StartAnotherAsync(ByRow);
        foreach (var app in new[] { one, two })
            Assert.Equal(["old", "old"], [await GetAsync(app, 1, "old"), await GetAsync(app, 2, "old")]);

        await one.ExecuteAsync(Change);

        foreach (var app in new[] { one, two })
        {
            await UntilAsync(app, 1, "new");
            Assert.Equal("old", await GetAsync(app, 2, "new"));
        }
    }

    [Theory]
    [InlineData("truncate products")]
    [InlineData("update products set price = 2")]
    [InlineData("delete from products")]
    public async Task All_values_of_the_table_go_when_rows_are_not_told_one_by_one_and_others_stay(string sql)
    {
        await using var app = await ProductApp.StartAsync(server, configure: ByRow);
        await GetAsync(app, 1, "old");
        await app.Services.GetRequiredService<HybridCache>().SetAsync("other", "old", cancellationToken: TestContext.Current.CancellationToken);

        await app.ExecuteAsync(sql);

        await UntilAsync(app, 1, "new");
        Assert.Equal("old", await app.Services.GetRequiredService<HybridCache>().GetOrCreateAsync("other", _ => ValueTask.FromResult("new"), cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task With_tags_alone_any_change_removes_them()
    {
        await using var app = await ProductApp.StartAsync(server, configure: static listener => listener.InvalidateHybridCache<Product>("products"));
        await GetAsync(app, 1, "old");

        await app.ExecuteAsync("insert into products values (1000, 'New', 1)");

        await UntilAsync(app, 1, "new");
    }

    [Fact]
    public async Task Several_values_can_depend_on_a_row()
    {
        await using var app = await ProductApp.StartAsync(server, configure: static listener =>
        {
            ByRow(listener);
            listener.InvalidateHybridCache<Product>(key => $"product:{key}0", "products").InvalidateHybridCache<Product>("lists").InvalidateHybridCache<Product>("lists");
        });
        await GetAsync(app, 1, "old");
        await GetAsync(app, 10, "old");

        await app.ExecuteAsync(Change);

        await UntilAsync(app, 1, "new");
        await UntilAsync(app, 10, "new");
    }

    [Fact]
    public async Task After_each_cut_of_the_connection_no_value_is_older_than_the_cut()
    {
        await using var app = await ProductApp.StartAsync(server, configure: ByRow);
        for (var i = 0; i < 5; i++)
        {
            await GetAsync(app, 1, $"{i}");
            app.Proxy.Refuses = true;
            app.Proxy.ResetAll();
            await app.ExecuteAsync($"update products set price = {i + 2} where id = 1");
            app.Proxy.Refuses = false;
            await UntilAsync(app, 1, $"{i + 1}");
        }
    }

    [Fact]
    public async Task A_value_that_a_change_has_overtaken_is_returned_and_not_kept()
    {
        await using var app = await ProductApp.StartAsync(server, configure: ByRow);
        await GetAsync(app, 2, "old");
        var reading = new Reading();
        var read = app.Services.GetRequiredService<HybridCache>().GetOrCreateAsync("product:1", token => reading.ReadAsync("old", token), tags: ["products"], cancellationToken: CancellationToken.None);
        await reading.HasBegun.SoonAsync();

        // One after the other, so when the second has been dealt with, the first has been too.
        await app.ExecuteAsync($"{Change}; update products set price = 2 where id = 2");
        await UntilAsync(app, 2, "new");
        reading.End();

        Assert.Equal("old", await read.SoonAsync());
        Assert.Equal("new", await GetAsync(app, 1, "new"));
    }

    [Fact]
    public async Task The_shared_level_has_no_old_value_either_also_if_it_changed_while_no_instance_was_there()
    {
        var store = new SharedStore();
        await using var one = await ProductApp.StartAsync(server, configure: listener => WithStore(listener, store));
        await GetAsync(one, 1, "old");
        await one.ExecuteAsync(Change);
        await UntilAsync(one, 1, "new");

        await one.StopAsync();
        await one.ExecuteAsync("update products set price = 3 where id = 1");
        await using var two = await one.StartAnotherAsync(listener => WithStore(listener, store));

        await UntilAsync(two, 1, "newest");
    }

    [Fact]
    public async Task A_shared_level_that_fails_is_asked_until_it_succeeds()
    {
        var store = new FailingStore();
        await using var app = await ProductApp.StartAsync(server, configure: listener => WithStore(listener, store));
        await GetAsync(app, 1, "old");
        store.Failures = 3;

        await app.ExecuteAsync(Change);

        await UntilAsync(app, 1, "new");
        var lines = await Eventually.GetAsync(
            () => Task.FromResult(app.Log.GetSnapshot().Where(record => record.Id.Id is 748 or 749).Select(record => record.Message).ToArray()), lines => lines.Length == 2);
        Assert.EndsWith("after 3 failed attempt(s).", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_shared_level_fails_later_changes_reach_the_local_level()
    {
        var store = new FailingStore();
        await using var app = await ProductApp.StartAsync(server, configure: listener => WithStore(listener, store));
        await GetAsync(app, 1, "old");
        store.Failures = int.MaxValue;
        await app.ExecuteAsync(Change);
        await UntilAsync(app, 1, "new");

        await app.ExecuteAsync("update products set price = 3 where id = 1");

        await UntilAsync(app, 1, "newest");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_function_that_fails_removes_all_values_of_the_table(bool throws)
    {
        await using var app = await ProductApp.StartAsync(
            server, configure: listener => listener.InvalidateHybridCache<Product>(key => throws ? throw new InvalidOperationException("It does not know.") : null!, "products"));
        await GetAsync(app, 1, "old");
        await app.ExecuteAsync(Change);
        await UntilAsync(app, 1, "new");
        await app.ExecuteAsync("update products set price = 3 where id = 1");
        await UntilAsync(app, 1, "newest");

        Assert.Single(app.Log.GetSnapshot(), record => record.Id.Id == 758);
    }

    [Fact]
    public async Task The_other_instances_are_not_told_of_what_they_hear_themselves()
    {
        await using var app = await ProductApp.StartAsync(server, configure: ByRow);
        var told = new Received<string>();
        await app.Services.GetRequiredService<IPgListener>().SubscribeAsync(
            "hybrid_cache",
            (context, _) =>
            {
                told.Add(context.Payload);
                return Task.CompletedTask;
            },
            new() { OnResync = static (_, _) => Task.CompletedTask },
            TestContext.Current.CancellationToken);
        await GetAsync(app, 1, "old");

        await app.ExecuteAsync(Change);
        await UntilAsync(app, 1, "new");
        await app.Services.GetRequiredService<HybridCache>().RemoveAsync("by hand", TestContext.Current.CancellationToken);

        Assert.Contains("by hand", await told.NextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, told.Waiting);
    }

    [Fact]
    public void Tags_are_not_empty()
    {
        var listener = new ServiceCollection().AddPgListener();
        Assert.Throws<ArgumentException>(() => listener.InvalidateHybridCache<Product>());
        Assert.Throws<ArgumentException>(() => listener.InvalidateHybridCache<Product>(""));
        Assert.Throws<ArgumentException>(() => listener.InvalidateHybridCache<Product>(key => $"{key}", " "));
    }

    private static void ByRow(PgListenerBuilder listener) => listener.InvalidateHybridCache<Product>(key => $"product:{key}", "products");

    private static void WithStore(PgListenerBuilder listener, IDistributedCache store)
    {
        listener.Services.AddSingleton(store);
        ByRow(listener);
    }

    /// <summary>Reads the value of a row.</summary>
    private static async Task<string> GetAsync(ProductApp app, int id, string value)
        => await app.Services.GetRequiredService<HybridCache>().GetOrCreateAsync($"product:{id}", _ => ValueTask.FromResult(value), tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Reads the value of a row until it is read anew.</summary>
    private static Task<string> UntilAsync(ProductApp app, int id, string value) => Eventually.GetAsync(() => GetAsync(app, id, value), found => found == value);

    /// <summary>A shared level whose removals fail a few times.</summary>
    private sealed class FailingStore : IDistributedCache
    {
        private readonly SharedStore _inner = new();

        public int Failures { get; set; }

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => _inner.GetAsync(key, token);

        public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) => _inner.SetAsync(key, value, options, token);

        public Task RemoveAsync(string key, CancellationToken token = default) => Failures-- > 0 ? throw new InvalidOperationException("The store is away.") : _inner.RemoveAsync(key, token);

        public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

        public byte[]? Get(string key) => throw new NotSupportedException();

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

        public void Refresh(string key) => throw new NotSupportedException();

        public void Remove(string key) => throw new NotSupportedException();
    }
}
