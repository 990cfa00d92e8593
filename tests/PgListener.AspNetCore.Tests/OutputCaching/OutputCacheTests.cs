using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PgListener.Durable.Tests;
using PgListener.OutputCaching;
using WebApi.Tests;

namespace PgListener.AspNetCore.Tests.OutputCaching;

/// <summary>Responses of an application whose database changes, and is cut off.</summary>
public sealed class OutputCacheTests(ServerFixture server)
{
    [Theory]
    [InlineData("update products set price = 2 where id = 1")]
    [InlineData("update products set price = 2")]
    [InlineData("truncate products; insert into products values (1, 2)")]
    public async Task A_response_is_cached_until_a_row_changes(string sql)
    {
        await using var shop = await CachedShop.StartAsync(server, static listener => listener.EvictOutputCache<Product>("products"));
        await shop.FillAsync(1);

        await shop.ExecuteAsync(sql);

        await shop.UntilAsync(1, "2");
    }

    [Fact]
    public async Task With_a_function_only_the_responses_of_changed_rows_go_and_after_a_gap_all()
    {
        await using var shop = await CachedShop.StartAsync(server, ByRow);
        await shop.FillAsync(1);
        await shop.FillAsync(2);
        var readings = shop.Readings[2];

        await shop.ExecuteAsync("update products set price = 2 where id = 1");
        await shop.UntilAsync(1, "2");
        await shop.GetAsync(2);
        Assert.Equal(readings, shop.Readings[2]);

        await shop.ExecuteAsync("update products set price = 3");
        await shop.UntilAsync(2, "3");
    }

    [Fact]
    public async Task Several_functions_can_have_the_same_tag_for_all_responses()
    {
        await using var shop = await CachedShop.StartAsync(server, static listener =>
            listener.EvictOutputCache<Product>(_ => [], "products").EvictOutputCache<Product>(changes => changes.Keys.Select(key => $"product:{key}"), "products"));
        await shop.FillAsync(1);

        await shop.ExecuteAsync("update products set price = 2 where id = 1");

        await shop.UntilAsync(1, "2");
    }

    [Fact]
    public async Task After_each_cut_of_the_connection_all_responses_go()
    {
        await using var shop = await CachedShop.StartAsync(server, ByRow);
        for (var price = 2; price < 7; price++)
        {
            await shop.FillAsync(1);
            shop.Proxy.Refuses = true;
            shop.Proxy.ResetAll();
            await shop.ExecuteAsync($"update products set price = {price} where id = 1");
            shop.Proxy.Refuses = false;
            await shop.UntilAsync(1, $"{price}");
        }
    }

    [Fact]
    public async Task A_response_that_a_change_has_overtaken_is_sent_but_not_kept()
    {
        await using var shop = await CachedShop.StartAsync(server, ByRow);
        await shop.FillAsync(2);
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shop.AfterReading = () =>
        {
            shop.AfterReading = () => Task.CompletedTask;
            read.SetResult();
            return gate.Task;
        };
        var old = shop.GetAsync(1);
        await read.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

        // One after the other, so when the second has been dealt with, the first has been too.
        await shop.ExecuteAsync("update products set price = 2 where id = 1; update products set price = 2 where id = 2");
        await shop.UntilAsync(2, "2");
        gate.SetResult();

        Assert.Equal("1", await old);
        Assert.Equal("2", await shop.GetAsync(1));
        await shop.FillAsync(1);
    }

    [Fact]
    public async Task An_eviction_that_fails_is_repeated_until_it_succeeds()
    {
        var store = new FailingStore();
        await using var shop = await CachedShop.StartAsync(server, ByRow, services =>
        {
            var inner = services.Single(service => service.ServiceType == typeof(IOutputCacheStore));
            services.Replace(ServiceDescriptor.Singleton<IOutputCacheStore>(provider => store.Around((IOutputCacheStore)inner.ImplementationFactory!(provider))));
        });
        await shop.FillAsync(1);
        store.Failures = 3;

        await shop.ExecuteAsync("update products set price = 2 where id = 1");

        await shop.UntilAsync(1, "2");
        var lines = await Eventually.GetAsync(
            () => Task.FromResult(shop.Log.GetSnapshot().Where(record => record.Id.Id is 746 or 747).Select(record => record.Message).ToArray()), lines => lines.Length == 2);
        Assert.StartsWith("The responses with the tag 'product:1' could not be evicted from the output cache after a change of Product.", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("after 3 failed attempt(s).", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("null tag")]
    [InlineData("throws")]
    public async Task A_function_that_fails_evicts_all_responses_of_the_table(string result)
    {
        await using var shop = await CachedShop.StartAsync(server, listener => listener.EvictOutputCache<Product>(
            _ => result == "null" ? null! : result == "null tag" ? [null!] : throw new InvalidOperationException("It does not know."), "products"));
        await shop.FillAsync(1);
        await shop.ExecuteAsync("update products set price = 2 where id = 1");
        await shop.UntilAsync(1, "2");
        await shop.ExecuteAsync("update products set price = 3 where id = 1");
        await shop.UntilAsync(1, "3");

        Assert.Single(shop.Log.GetSnapshot(), record => record.Id.Id == 759);
    }

    [Fact]
    public async Task Without_an_output_cache_the_host_does_not_start()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => CachedShop.StartAsync(server, ByRow, services => services.RemoveAll<IOutputCacheStore>()));
        Assert.Contains(nameof(IOutputCacheStore), error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gap_needs_a_tag()
    {
        var listener = WebApplication.CreateSlimBuilder().Services.AddPgListener();
        Assert.Throws<ArgumentException>(() => listener.EvictOutputCache<Product>());
        Assert.Throws<ArgumentException>(() => listener.EvictOutputCache<Product>(" "));
        Assert.Throws<ArgumentException>(() => listener.EvictOutputCache<Product>(_ => ["a"]));
    }

    [Fact]
    public void More_tags_than_are_kept_all_count_as_evicted()
    {
        var evicted = new EvictedTags();
        evicted.Mark(["a"]);
        var before = evicted.Now;
        Assert.False(evicted.AnySince(before, ["a", "b"]));

        evicted.Mark(Enumerable.Range(0, EvictedTags.MaxTags + 1).Select(i => $"tag {i}"));

        Assert.True(evicted.AnySince(before, ["never named"]));
        Assert.False(evicted.AnySince(evicted.Now, ["never named", "tag 0"]));
    }

    private static void ByRow(PgListenerBuilder listener)
        => listener.EvictOutputCache<Product>(changes => changes.Keys.Select(key => $"product:{key}"), "products");

    /// <summary>A store whose evictions fail a few times, as those of a server do that is away.</summary>
    private sealed class FailingStore : IOutputCacheStore
    {
        private IOutputCacheStore _inner = null!;

        public int Failures { get; set; }

        public FailingStore Around(IOutputCacheStore inner)
        {
            _inner = inner;
            return this;
        }

        public ValueTask EvictByTagAsync(string tag, CancellationToken cancellationToken)
            => Failures-- > 0 ? throw new InvalidOperationException("The store is away.") : _inner.EvictByTagAsync(tag, cancellationToken);

        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken) => _inner.GetAsync(key, cancellationToken);

        public ValueTask SetAsync(string key, byte[] value, string[]? tags, TimeSpan validFor, CancellationToken cancellationToken) => _inner.SetAsync(key, value, tags, validFor, cancellationToken);
    }
}
