using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>What one instance removes or replaces takes effect on the others.</summary>
public sealed class InvalidationTests(ServerFixture server)
{
    private readonly string _channel = ServerFixture.NewChannel();

    [Fact]
    public async Task A_removed_key_is_read_again_on_all_instances()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        Assert.Equal("old", await two.GetAsync("a", () => "old"));
        Assert.Equal("other", await two.GetAsync("b", () => "other"));

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.Equal("other", await two.GetAsync("b", () => "not read"));
    }

    [Fact]
    public async Task Several_keys_are_removed_by_one_notification()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        foreach (var key in (string[])["a", "b"])
            await two.GetAsync(key, () => "old");

        await one.Cache.RemoveAsync(["a", "b"], TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal(("new", "new"), (await two.GetAsync("a", () => "new"), await two.GetAsync("b", () => "new")));
        Assert.Equal(0, two.Listener.Applied.Waiting);
    }

    [Theory]
    [InlineData("products")]
    [InlineData("*")]
    public async Task A_removed_tag_is_read_again_on_all_instances(string tag)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old", "products", "more");
        await two.GetAsync("b", () => "other", "orders");

        await one.Cache.RemoveByTagAsync(tag, TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products", "more"));
        Assert.Equal(tag == "*" ? "new" : "other", await two.GetAsync("b", () => "new", "orders"));
    }

    [Fact]
    public async Task A_value_that_one_instance_sets_replaces_that_of_the_others_and_stays_its_own()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old");

        await one.Cache.SetAsync("a", "set", cancellationToken: TestContext.Current.CancellationToken);
        await one.Listener.Applied.NextAsync();
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.Equal("set", await one.GetAsync("a", () => "not read"));
    }

    [Fact]
    public async Task A_gap_clears_the_local_level_and_nothing_else_of_the_application()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var others = two.Provider.GetRequiredService<IMemoryCache>();
        others.Set("a", "of the application");
        await two.GetAsync("a", () => "old");

        await two.CutAsync();
        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        Assert.Equal("old", await two.GetAsync("a", () => "not read")); // As long as MaxOutage allows.
        two.Connect();
        await two.Listener.Gaps.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.Equal("of the application", others.Get("a"));
        Assert.Contains("Reconnected", two.Lines(734)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_outage_that_is_allowed_nothing_comes_from_the_local_level_while_the_listener_is_away()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync(options => options.MaxOutage = TimeSpan.Zero);
        await two.GetAsync("a", () => "old");

        await two.CutAsync();
        Assert.Equal("1", await two.GetAsync("a", () => "1"));
        Assert.Equal("2", await two.GetAsync("a", () => "2"));
        Assert.Single(two.Lines(735));
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        await two.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).SoonAsync();

        Assert.Equal("3", await two.GetAsync("a", () => "3"));
        Assert.Equal("3", await two.GetAsync("a", () => "not read"));
    }

    [Fact]
    public async Task A_cache_that_is_used_before_the_listener_listens_reads_again_afterwards()
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.AddPgListenerCoherence(options => options.Channel = _channel);
        one.Network.Refuses = true;
        await one.StartHostAsync();
        Assert.Equal("old", await one.GetAsync("a", () => "old"));

        one.Connect();
        await one.Listener.Gaps.NextAsync();

        Assert.Equal("new", await one.GetAsync("a", () => "new"));
    }

    [Fact]
    public async Task Another_program_can_remove_keys()
    {
        await using var one = await StartAsync();
        await one.GetAsync("a", () => "old");

        await one.Publisher.PublishAsync(_channel, """{"keys":["a"]}""", TestContext.Current.CancellationToken);
        await one.Listener.Applied.NextAsync();

        Assert.Equal("new", await one.GetAsync("a", () => "new"));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("""{"keys":[1]}""")]
    [InlineData("""{"keys":["\ud800"]}""")]
    [InlineData("""{"keys":"a"}""")]
    [InlineData("""{"all":"yes"}""")]
    public async Task What_cannot_be_read_clears_the_local_level(string payload)
    {
        await using var one = await StartAsync();
        await one.GetAsync("a", () => "old");

        await one.Publisher.PublishAsync(_channel, payload, TestContext.Current.CancellationToken);
        await one.Listener.Applied.NextAsync();

        Assert.Equal("new", await one.GetAsync("a", () => "new"));
        Assert.Single(one.Lines(733));
    }

    [Theory]
    [InlineData(0xd800)]
    [InlineData(0)]
    public async Task A_key_may_have_any_characters(int character)
    {
        var key = $"ä\"\\€😀{(char)character}"; // Half of a surrogate pair does not survive in an attribute.
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.Cache.SetAsync(key, "old", cancellationToken: TestContext.Current.CancellationToken);
        await two.GetAsync("é", () => "old");

        await one.Listener.Applied.NextAsync();
        await two.Listener.Applied.NextAsync();
        await one.Cache.RemoveAsync([key, "é"], TestContext.Current.CancellationToken);
        for (var i = 0; i < (character == 0 ? 1 : 2); i++)
            await two.Listener.Applied.NextAsync(); // What is no valid Unicode needs a notification of its own.

        Assert.Equal("new", await two.GetAsync(key, () => "new"));
        Assert.Equal("new", await two.GetAsync("é", () => "new"));
    }

    [Fact]
    public async Task A_key_that_does_not_fit_into_a_notification_clears_the_local_levels()
    {
        var key = new string('k', 9000);
        void Allow(IServiceCollection services) => services.AddHybridCache(options => options.MaximumKeyLength = 10_000);
        await using var one = await Instance.StartAsync(server.ConnectionString, _channel, Allow);
        await using var two = await Instance.StartAsync(server.ConnectionString, _channel, Allow);
        await two.GetAsync(key, () => "old");

        await one.Cache.RemoveAsync(key, TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync(key, () => "new"));
    }

    [Fact]
    public async Task A_cached_default_is_removed_like_any_other_value()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var reads = 0;
        ValueTask<string?> ReadAsync() => two.Cache.GetOrCreateAsync("a", _ => ValueTask.FromResult<string?>(++reads == 1 ? null : "new"), cancellationToken: CancellationToken.None);
        Assert.Null(await ReadAsync());
        Assert.Null(await ReadAsync());
        Assert.Equal(1, reads);

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await ReadAsync());
    }

    [Fact]
    public async Task Flags_of_a_call_apply()
    {
        await using var one = await StartAsync();
        await one.GetAsync("a", () => "cached");
        await one.GetAsync("a", () => "cached");
        ValueTask<string> ReadAsync(HybridCacheEntryFlags flags)
            => one.Cache.GetOrCreateAsync("a", _ => ValueTask.FromResult("source"), new() { Flags = flags }, cancellationToken: CancellationToken.None);

        Assert.Equal("cached", await ReadAsync(HybridCacheEntryFlags.None));
        Assert.Equal("source", await ReadAsync(HybridCacheEntryFlags.DisableLocalCache));
        Assert.Equal("cached", await ReadAsync(HybridCacheEntryFlags.DisableUnderlyingData));
    }

    private Task<Instance> StartAsync(Action<HybridCacheCoherenceOptions>? configure = null) => Instance.StartAsync(server.ConnectionString, _channel, configure: configure);
}
