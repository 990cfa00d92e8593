using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using static PgListener.Caching.Tests.ProductApp;

namespace PgListener.Caching.Tests.ChangeTokens;

/// <summary>Tokens of an application whose database changes, and is cut off.</summary>
public sealed class ChangeTokensTests(ServerFixture server)
{
    [Theory]
    [InlineData("update products set price = 2 where id = 7")]
    [InlineData("delete from products where id = 7")]
    [InlineData("delete from products where id = 7; insert into products values (7, 'New', 1)")]
    [InlineData("update products set id = 1007 where id = 7")]
    public async Task The_token_of_a_row_fires_when_that_row_changes(string sql)
    {
        await using var app = await StartAsync(server);
        var (changed, other) = (app.Tokens.GetToken(ChangeKey.Of(7)), app.Tokens.GetToken(ChangeKey.Of(8L)));
        Assert.Equal((false, true), (changed.HasChanged, changed.ActiveChangeCallbacks));

        await app.ExecuteAsync(sql);

        await FiredAsync(changed);
        Assert.True(changed.HasChanged);
        Assert.False(other.HasChanged);
        await app.ExecuteAsync("update products set price = 3 where id = 8");
        await FiredAsync(other);
    }

    [Fact]
    public async Task A_row_that_is_not_there_has_a_token_too_and_so_has_the_key_that_a_row_gets()
    {
        await using var app = await StartAsync(server);
        var (added, renamed) = (app.Tokens.GetToken(ChangeKey.Of(500)), app.Tokens.GetToken(ChangeKey.Of(501)));

        await app.ExecuteAsync("insert into products values (500, 'New', 1)");
        await FiredAsync(added);
        await app.ExecuteAsync("update products set id = 501 where id = 500");
        await FiredAsync(renamed);
    }

    [Fact]
    public async Task An_entry_of_a_memory_cache_goes_when_its_row_changes()
    {
        await using var app = await StartAsync(server);
        Fill(1);
        Fill(2);
        var changed = FiredAsync(app.Tokens.GetToken());

        await app.ExecuteAsync("update products set price = 2 where id = 1");
        await changed;

        Assert.Equal((false, true), (app.Cache.TryGetValue(1, out _), app.Cache.TryGetValue(2, out _)));

        void Fill(int id) => app.Cache.Set(id, "value", new MemoryCacheEntryOptions().AddExpirationToken(app.Tokens.GetToken(ChangeKey.Of(id))));
    }

    [Fact]
    public async Task OnChange_is_called_for_each_change()
    {
        await using var app = await StartAsync(server);
        using var calls = new SemaphoreSlim(0);
        using var registration = ChangeToken.OnChange(() => app.Tokens.GetToken(ChangeKey.Of(1)), () => calls.Release());

        for (var i = 0; i < 20; i++)
        {
            await app.ExecuteAsync($"update products set price = {i + 2} where id = 1");
            Assert.True(await calls.WaitAsync(WebApi.Tests.Eventually.Limit, TestContext.Current.CancellationToken));
        }

        registration.Dispose();
        await app.ExecuteAsync("update products set price = 0 where id = 1");
        await app.ExecuteAsync("update products set price = 0 where id = 2");
        Assert.Equal(0, calls.CurrentCount);
    }

    [Fact]
    public async Task Options_are_made_again_when_the_table_changes()
    {
        var made = 0;
        await using var app = await StartAsync(server, configure: listener =>
        {
            listener.Services.AddOptions<Prices>().Configure(prices => prices.Version = Interlocked.Increment(ref made));
            listener.Services.AddSingleton<IOptionsChangeTokenSource<Prices>, PricesChange>();
        });
        var monitor = app.Services.GetRequiredService<IOptionsMonitor<Prices>>();
        var before = monitor.CurrentValue.Version;
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = monitor.OnChange(_ => told.TrySetResult());

        await app.ExecuteAsync("update products set price = 2 where id = 1");

        await told.Task.WaitAsync(WebApi.Tests.Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.True(monitor.CurrentValue.Version > before);
    }

    [Theory]
    [InlineData("truncate products")]
    [InlineData("update products set price = 2")]
    public async Task All_tokens_fire_when_rows_are_not_told_one_by_one(string sql)
    {
        await using var app = await StartAsync(server);
        var tokens = new[] { app.Tokens.GetToken(), app.Tokens.GetToken(ChangeKey.Of(1)), app.Tokens.GetToken(ChangeKey.Of(1_000_000)) };

        await app.ExecuteAsync(sql);

        foreach (var token in tokens)
            await FiredAsync(token);
    }

    [Fact]
    public async Task All_tokens_fire_after_each_cut_of_the_connection()
    {
        await using var app = await StartAsync(server);
        for (var i = 0; i < 10; i++)
        {
            var tokens = new[] { app.Tokens.GetToken(), app.Tokens.GetToken(ChangeKey.Of(1)), app.Tokens.GetToken(ChangeKey.Of(2)) };
            app.Proxy.Refuses = true;
            app.Proxy.ResetAll();
            await app.ExecuteAsync($"update products set price = {i + 2} where id = 1");
            Assert.All(tokens, token => Assert.False(token.HasChanged));

            app.Proxy.Refuses = false;
            foreach (var token in tokens)
                await FiredAsync(token);
        }
    }

    [Fact]
    public async Task A_token_that_is_taken_before_the_start_fires_when_the_listener_listens()
    {
        await using var app = await CreateAsync(server);
        var token = app.Tokens.GetToken(ChangeKey.Of(1));
        await app.ExecuteAsync("update products set price = 2 where id = 1");
        Assert.False(token.HasChanged);

        await app.StartHostAsync();

        await FiredAsync(token);
    }

    [Fact]
    public async Task The_row_of_a_composite_key_is_found()
    {
        await using var app = await StartAsync(server, _ => ChangeFeed.For("products").Key("id", "name"));
        var token = app.Tokens.GetToken(ChangeKey.Of(1L, "Product"));

        await app.ExecuteAsync("update products set price = 2 where id = 1");

        await FiredAsync(token);
    }

    [Fact]
    public async Task A_callback_that_throws_is_a_line_and_the_others_are_called()
    {
        await using var app = await StartAsync(server);
        var token = app.Tokens.GetToken(ChangeKey.Of(1));
        token.RegisterChangeCallback(_ => throw new InvalidOperationException("first"), state: null);
        var fired = FiredAsync(token);
        app.Tokens.GetToken(ChangeKey.Of(1)).RegisterChangeCallback(_ => throw new InvalidOperationException("second"), state: null);
        var any = FiredAsync(app.Tokens.GetToken());

        await app.ExecuteAsync("update products set price = 2 where id = 1");

        await fired;
        await any;
        var record = await WebApi.Tests.Eventually.GetAsync(() => Task.FromResult(app.Log.GetSnapshot().SingleOrDefault(record => record.Id.Id == 745)), record => record is not null);
        Assert.StartsWith("2 callback(s) of change tokens for Product have failed.", record!.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(record.Exception);
    }

    [Fact]
    public async Task Of_a_durable_feed_each_instance_hears_of_every_change()
    {
        await using var one = await StartAsync(server, static feed => feed.Durable(), Durable);
        await using var two = await one.StartAnotherAsync(Durable, Feed.Durable());
        var tokens = new[] { one.Tokens.GetToken(ChangeKey.Of(1)), two.Tokens.GetToken(ChangeKey.Of(1)) };

        await one.ExecuteAsync("update products set price = 2 where id = 1");

        foreach (var token in tokens)
            await FiredAsync(token);

        static void Durable(PgListenerBuilder listener) => listener.AddDurableChannels(static options => options.CreateSchema = true);
    }

    [Fact]
    public async Task A_named_listener_has_tokens_of_its_own()
    {
        await using var app = await StartAsync(server, configure: listener => listener.Services.AddPgListener("other", options => options.ConnectionString = "Host=127.0.0.1;Port=1")
            .AddChangeFeed<Product>(Feed).AddChangeTokens<Product>().AddChangeTokens<Product>());
        var named = app.Services.GetRequiredKeyedService<IChangeTokens<Product>>("other").GetToken(ChangeKey.Of(1));
        var token = app.Tokens.GetToken(ChangeKey.Of(1));

        await app.ExecuteAsync("update products set price = 2 where id = 1");

        await FiredAsync(token);
        Assert.False(named.HasChanged);
    }

    private sealed class Prices
    {
        public int Version { get; set; }
    }

    private sealed class PricesChange(IChangeTokens<Product> products) : IOptionsChangeTokenSource<Prices>
    {
        public string Name => Options.DefaultName;

        public IChangeToken GetChangeToken() => products.GetToken();
    }
}
