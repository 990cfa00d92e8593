using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PgListener.Caching.Tests.HybridCaching;

public sealed class RegistrationTests(ServerFixture server)
{
    private readonly string _channel = ServerFixture.NewChannel();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_order_of_the_calls_does_not_matter(bool coherenceFirst)
    {
        await using var one = new Instance(server.ConnectionString);
        void AddCoherence() => one.Services.AddPgListenerCoherence(options => options.Channel = _channel);
        if (coherenceFirst)
            AddCoherence();
        one.Services.AddHybridCache(options => options.DefaultEntryOptions = new() { Expiration = TimeSpan.FromMinutes(1) });
        if (!coherenceFirst)
            AddCoherence();
        await one.StartAsync();
        await one.GetAsync("a", () => "old");

        await one.Publisher.PublishAsync(_channel, """{"keys":["a"]}""", TestContext.Current.CancellationToken);
        await one.Listener.Applied.NextAsync();

        Assert.Equal("new", await one.GetAsync("a", () => "new"));
    }

    [Fact]
    public async Task A_second_call_applies_further_settings_and_no_more()
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.AddPgListenerCoherence(options => options.MaxOutage = TimeSpan.Zero).AddPgListenerCoherence(options => options.Channel = _channel);
        await one.StartAsync();

        Assert.Single(one.Listener.GetStatistics(), subscription => subscription.Channel == _channel);
        var options = one.Provider.GetRequiredService<IOptionsMonitor<HybridCacheCoherenceOptions>>().CurrentValue;
        Assert.Equal((_channel, TimeSpan.Zero), (options.Channel, options.MaxOutage));
    }

    [Fact]
    public async Task Keyed_caches_are_coherent_each_for_itself()
    {
        await using var one = await StartKeyedAsync();
        await using var two = await StartKeyedAsync();
        HybridCache Cache(Instance instance, string key) => instance.Provider.GetRequiredKeyedService<HybridCache>(key);
        ValueTask<string> GetAsync(string key, string value) => Cache(two, key).GetOrCreateAsync("a", _ => ValueTask.FromResult(value), cancellationToken: CancellationToken.None);
        await GetAsync("prices", "old");
        await GetAsync("stock", "old");

        await Cache(one, "prices").RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal(("new", "old"), (await GetAsync("prices", "new"), await GetAsync("stock", "new")));
    }

    [Fact]
    public async Task A_cache_can_use_a_named_listener()
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.AddPgListener("shop", server.ConnectionString);
        one.Services.AddPgListenerCoherence(options => (options.ListenerName, options.Channel) = ("shop", _channel));
        await one.StartHostAsync();

        Assert.Contains(one.Provider.GetRequiredKeyedService<IPgListener>("shop").GetStatistics(), subscription => subscription.Channel == _channel);
    }

    [Fact]
    public void A_missing_keyed_cache_is_an_error()
    {
        var e = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddKeyedPgListenerCoherence("prices"));
        Assert.Contains("""Call AddKeyedHybridCache("prices") before""", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_listener_is_an_error_at_the_start()
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.AddPgListenerCoherence(options => options.ListenerName = "shop");
        var e = await Assert.ThrowsAsync<InvalidOperationException>(one.StartHostAsync);
        Assert.Contains("""services.AddPgListener("shop")""", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_cache_that_was_registered_before_is_an_error_at_the_start()
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.AddSingleton<HybridCache, OtherCache>();
        one.Services.AddPgListenerCoherence();
        var e = await Assert.ThrowsAsync<InvalidOperationException>(one.StartHostAsync);
        Assert.Contains("another one is registered", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_cache_that_was_registered_afterwards_is_an_error_at_the_start()
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.AddPgListenerCoherence();
        one.Services.AddSingleton<HybridCache, OtherCache>();
        var e = await Assert.ThrowsAsync<InvalidOperationException>(one.StartHostAsync);
        Assert.Contains("Call AddPgListenerCoherence() after AddHybridCache()", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(HybridCacheCoherenceOptions.Channel))]
    [InlineData(nameof(HybridCacheCoherenceOptions.CoalesceWindow))]
    [InlineData(nameof(HybridCacheCoherenceOptions.MaxOutage))]
    [InlineData(nameof(HybridCacheCoherenceOptions.StopTimeout))]
    public async Task A_wrong_setting_is_an_error_at_the_start_that_names_it(string name)
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.AddPgListenerCoherence(options =>
        {
            options.Channel = name == nameof(options.Channel) ? new string('x', 64) : _channel;
            options.CoalesceWindow = TimeSpan.FromSeconds(name == nameof(options.CoalesceWindow) ? 2 : 0);
            options.MaxOutage = TimeSpan.FromSeconds(name == nameof(options.MaxOutage) ? -2 : 0);
            options.StopTimeout = TimeSpan.FromSeconds(name == nameof(options.StopTimeout) ? -1 : 0);
        });
        var e = await Assert.ThrowsAsync<OptionsValidationException>(one.StartHostAsync);
        Assert.Contains(name, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    private async Task<Instance> StartKeyedAsync()
    {
        var instance = new Instance(server.ConnectionString);
        foreach (var key in (string[])["prices", "stock"])
        {
            instance.Services.AddKeyedHybridCache(key);
            instance.Services.AddKeyedPgListenerCoherence(key, options => options.Channel = $"{_channel}:{key}");
        }

        await instance.StartAsync();
        await instance.Listener.Gaps.NextAsync(); // Each cache has its own.
        return instance;
    }

    private sealed class OtherCache : HybridCache
    {
        public override ValueTask<T> GetOrCreateAsync<TState, T>(
            string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
            => factory(state, cancellationToken);

        public override ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public override ValueTask SetAsync<T>(string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
