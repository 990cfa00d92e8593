using System.Text;
using System.Transactions;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using PgListener.Backplane;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane;

namespace PgListener.Caching.Tests.FusionCache;

public sealed class BackplaneTests(ServerFixture server)
{
    private readonly string _channel = ServerFixture.NewChannel();
    private readonly SharedStore _store = new();

    [Theory]
    [InlineData("remove")]
    [InlineData("expire")]
    [InlineData("set")]
    [InlineData("tag")]
    [InlineData("clear")]
    [InlineData("remove synchronously")]
    public async Task What_one_instance_does_takes_effect_on_the_others(string what)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var token = TestContext.Current.CancellationToken;
        await two.Fusion().GetAsync("a", "old", "products");

        await (what switch
        {
            "remove" => one.Fusion().RemoveAsync("a", token: token),
            "expire" => one.Fusion().ExpireAsync("a", token: token),
            "set" => one.Fusion().SetAsync("a", "set", token: token),
            "tag" => one.Fusion().RemoveByTagAsync("products", token: token),
            "clear" => one.Fusion().ClearAsync(token: token),
            _ => new(Task.Run(() => one.Fusion().Remove("a", token: token), token)),
        });
        await two.HearsAsync(one);

        Assert.Equal("new", await two.Fusion().GetAsync("a", "new", "products"));
    }

    [Fact]
    public async Task A_gap_expires_the_memory_level_and_then_the_cache_hears_of_the_reconnection()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.Fusion().GetAsync("a", "old");

        await two.CutAsync();
        await one.Fusion().RemoveAsync("a", token: TestContext.Current.CancellationToken);
        Assert.Equal("old", await two.Fusion().GetAsync("a", "not read"));
        two.Connect();
        await two.Listener.Gaps.NextAsync();

        Assert.Equal("new", await two.Fusion().GetAsync("a", "new"));
        Assert.Single(two.Lines(751));
        Assert.Contains(two.Log.GetSnapshot(), line => line.Message.Contains("backplane re-connected", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_gap_changes_neither_the_shared_level_nor_other_instances()
    {
        await using var one = await StartSharedAsync();
        await using var two = await StartSharedAsync();
        await one.Fusion().GetAsync("a", "of one");
        Assert.Equal("of one", await two.Fusion().GetAsync("a", "not read"));
        await two.HearsAsync(one);

        await two.CutAsync();
        two.Connect();
        await two.Listener.Gaps.NextAsync();

        Assert.Equal("of one", await two.Fusion().GetAsync("a", "not read"));
        Assert.Equal(0, _store.Removed.Waiting);
        Assert.Equal(0, two.Listener.Applied.Waiting); // It hears its own messages too.
    }

    [Theory]
    [InlineData("tag")]
    [InlineData("clear")]
    [InlineData("clear for good")]
    public async Task What_was_removed_in_a_gap_is_not_returned_from_the_shared_level(string what)
    {
        await using var one = await StartSharedAsync();
        await using var two = await StartSharedAsync();
        var token = TestContext.Current.CancellationToken;
        await two.Fusion().GetAsync("a", "old", "products");
        await two.Fusion().GetAsync("a", "not read", "products"); // It has read whether the tag was removed, and the cache was cleared.

        await two.CutAsync();
        await (what switch
        {
            "tag" => one.Fusion().RemoveByTagAsync("products", token: token),
            "clear" => one.Fusion().ClearAsync(token: token),
            _ => one.Fusion().ClearAsync(allowFailSafe: false, token: token),
        });
        two.Connect();
        await two.Listener.Gaps.NextAsync();

        Assert.Equal("new", await two.Fusion().GetAsync("a", "new", "products"));
    }

    [Fact]
    public async Task After_a_gap_fail_safe_has_the_old_value_when_the_source_fails()
    {
        await using var one = await StartAsync(builder => builder.WithDefaultEntryOptions(options => options.IsFailSafeEnabled = true));
        await one.Fusion().GetAsync("a", "old");
        await one.CutAsync();
        one.Connect();
        await one.Listener.Gaps.NextAsync();

        Assert.Equal("old", await one.Fusion().GetOrSetAsync<string>("a", (_, _) => throw new InvalidTimeZoneException(), token: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_message_that_could_not_be_sent_is_sent_after_the_reconnection()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.Fusion().GetAsync("a", "old");
        await one.CutAsync();

        await one.Fusion().RemoveAsync("a", token: TestContext.Current.CancellationToken);
        Assert.Equal("old", await two.Fusion().GetAsync("a", "not read"));
        one.Connect();
        await two.HearsAsync(one);

        Assert.Equal("new", await two.Fusion().GetAsync("a", "new"));
    }

    [Fact]
    public async Task Named_caches_have_a_channel_each()
    {
        void Add(IServiceCollection services)
        {
            foreach (var name in (string[])["prices", "stock"])
                services.AddFusionCache(name).WithOptions(options => options.BackplaneChannelPrefix = $"{_channel}.{name}").WithCacheKeyPrefix(name + ":").WithPgListenerBackplane();
        }

        await using var one = new Instance(server.ConnectionString);
        await using var two = new Instance(server.ConnectionString);
        foreach (var instance in (Instance[])[one, two])
        {
            Add(instance.Services);
            await instance.StartAsync("prices", "stock");
        }

        IFusionCache Cache(Instance instance, string name) => instance.Provider.GetRequiredService<IFusionCacheProvider>().GetCache(name);
        foreach (var name in (string[])["prices", "stock"])
            await Cache(two, name).GetAsync("a", "old");
        await Cache(one, "prices").RemoveAsync("a", token: TestContext.Current.CancellationToken);
        await two.HearsAsync(Cache(one, "prices").InstanceId);
        Assert.Equal(("new", "old"), (await Cache(two, "prices").GetAsync("a", "new"), await Cache(two, "stock").GetAsync("a", "new")));

        await two.CutAsync();
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        await two.Listener.Gaps.NextAsync();
        Assert.Equal(("newer", "newer"), (await Cache(two, "prices").GetAsync("a", "newer"), await Cache(two, "stock").GetAsync("a", "newer")));
    }

    [Fact]
    public async Task A_memory_cache_of_the_application_is_cleared_for_this_cache_only()
    {
        using var memory = new MemoryCache(new MemoryCacheOptions());
        memory.Set("other", "of the application");
        await using var one = await StartAsync(builder => builder.WithMemoryCache(memory));
        await one.Fusion().GetAsync("a", "old");
        await one.CutAsync();
        one.Connect();
        await one.Listener.Gaps.NextAsync();

        Assert.Equal("new", await one.Fusion().GetAsync("a", "new"));
        Assert.Equal("of the application", memory.Get("other"));
    }

    [Fact]
    public async Task A_key_that_does_not_fit_into_a_notification_expires_the_whole_memory_level()
    {
        var key = new string('k', 9000);
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.Fusion().GetAsync(key, "old");

        await one.Fusion().RemoveAsync(key, token: TestContext.Current.CancellationToken);
        await two.HearsAsync(one);

        Assert.Equal("new", await two.Fusion().GetAsync(key, "new"));
    }

    [Fact]
    public async Task A_notification_that_cannot_be_read_expires_the_memory_level()
    {
        await using var one = await StartAsync();
        await one.Fusion().GetAsync("a", "old");
        var channel = one.Listener.GetStatistics().Single(subscription => subscription.Channel?.StartsWith(_channel, StringComparison.Ordinal) == true).Channel!;
        foreach (var payload in (string[])["nonsense!", "", "AAAA"])
            await one.Publisher.PublishAsync(channel, payload, TestContext.Current.CancellationToken);
        for (var i = 0; i < 4; i++)
            await one.Listener.Applied.NextAsync(); // The first is its own, for the value.

        Assert.Equal("new", await one.Fusion().GetAsync("a", "new"));
        Assert.Equal(3, one.Lines(750).Length);
    }

    [Fact]
    public async Task A_message_does_not_belong_to_the_transaction_of_its_caller()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.Fusion().GetAsync("a", "old");

        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            await one.Fusion().RemoveAsync("a", token: TestContext.Current.CancellationToken); // It is rolled back.
        await two.HearsAsync(one);

        Assert.Equal("new", await two.Fusion().GetAsync("a", "new"));
    }

    [Fact]
    public async Task A_slow_read_of_the_shared_level_does_not_delay_other_messages()
    {
        await using var one = await StartSharedAsync();
        await using var two = await StartSharedAsync();
        var token = TestContext.Current.CancellationToken;
        await two.Fusion().GetAsync("slow", "old");
        await two.Fusion().GetAsync("a", "old");
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.OnRead = key => key.Contains("slow", StringComparison.Ordinal) ? held.Task : Task.CompletedTask;

        await one.Fusion().SetAsync("slow", "new", token: token);
        await one.Fusion().RemoveAsync("a", token: token);
        await two.HearsAsync(one); // The second message; the first one is still being handled.

        Assert.Equal("new", await two.Fusion().GetAsync("a", "new"));
        held.SetResult();
        await two.HearsAsync(one);
        Assert.Equal("new", await two.Fusion().GetAsync("slow", "not read"));
    }

    [Fact]
    public async Task A_gap_expires_the_memory_level_whatever_the_default_options_of_entries_are()
    {
        await using var one = await StartAsync();
        await one.Fusion().GetAsync("a", "old");
        one.Fusion().DefaultEntryOptions.SkipMemoryCacheWrite = true;
        await one.CutAsync();
        one.Connect();
        await one.Listener.Gaps.NextAsync();

        Assert.Equal("new", await one.Fusion().GetAsync("a", "new"));
    }

    [Fact]
    public async Task If_it_cannot_be_read_whether_the_cache_was_cleared_in_a_gap_it_is_taken_as_cleared()
    {
        await using var one = await StartSharedAsync();
        await using var two = await StartSharedAsync();
        await two.Fusion().GetAsync("a", "old");
        await two.Fusion().GetAsync("a", "not read"); // It has read whether the cache was cleared, which it does once.

        await two.CutAsync();
        await one.Fusion().ClearAsync(token: TestContext.Current.CancellationToken);
        _store.OnRead = _ => throw new InvalidTimeZoneException();
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        _store.OnRead = null;

        Assert.Equal("new", await two.Fusion().GetAsync("a", "new"));
    }

    [Fact]
    public async Task A_memory_cache_that_could_not_be_cleared_after_a_gap_is_refused()
    {
        await using var one = new Instance(server.ConnectionString);
        using var memory = new MemoryCache(new MemoryCacheOptions());
        FusionInstance.Add(one.Services, _channel, configure: builder => builder.WithMemoryCache(memory).WithOptions(options => options.DisableTagging = true));
        await one.StartHostAsync();

        var e = Assert.Throws<FusionCacheInvalidOptionsException>(one.Fusion);
        Assert.Contains("DisableTagging", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_that_waits_for_its_subscription_does_not_wait_for_the_server_and_hears_when_it_is_back()
    {
        await using var two = await StartAsync();
        await using var one = new Instance(server.ConnectionString);
        FusionInstance.Add(one.Services, _channel, configure: builder => builder.WithOptions(options => options.WaitForInitialBackplaneSubscribe = true));
        await one.StartHostAsync();
        await one.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).SoonAsync();
        await one.CutAsync();

        var cache = await Task.Run(one.Fusion, TestContext.Current.CancellationToken).SoonAsync();
        await cache.GetAsync("a", "old");
        await two.Fusion().RemoveAsync("a", token: TestContext.Current.CancellationToken); // It is missed.
        one.Connect();
        await one.Listener.Gaps.NextAsync();

        Assert.Equal("new", await cache.GetAsync("a", "new"));
    }

    [Fact]
    public async Task A_cache_that_is_disposed_of_while_the_server_is_away_ends_its_subscription()
    {
        await using var one = new Instance(server.ConnectionString);
        FusionInstance.Add(one.Services, _channel, configure: builder => builder.WithOptions(options => options.WaitForInitialBackplaneSubscribe = true));
        await one.StartHostAsync();
        await one.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).SoonAsync();
        await one.CutAsync();

        await Task.Run(() => one.Fusion().RemoveBackplane(), TestContext.Current.CancellationToken).SoonAsync();

        Assert.DoesNotContain(one.Listener.GetStatistics(), subscription => subscription.Channel?.StartsWith(_channel, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Of_two_clears_the_later_one_counts_in_any_order_and_keys_are_handled_one_message_at_a_time()
    {
        var turns = new KeyTurns();
        var handled = new List<long>();
        ValueTask Note(BackplaneMessage message)
        {
            handled.Add(message.Timestamp);
            return ValueTask.CompletedTask;
        }

        foreach (var at in (long[])[2, 1, 3])
            await turns.RunAsync(BackplaneMessage.CreateForEntrySet("me", "tag", at), isOfTag: true, Note);
        Assert.Equal([2, 3], handled);

        var held = new TaskCompletionSource();
        var first = turns.RunAsync(BackplaneMessage.CreateForEntrySet("me", "a", 4), isOfTag: false, _ => new(held.Task)).AsTask();
        var second = turns.RunAsync(BackplaneMessage.CreateForEntryRemove("me", "a", 5), isOfTag: false, Note).AsTask();
        Assert.False(second.IsCompleted);
        held.SetResult();
        await Task.WhenAll(first, second).SoonAsync();
        Assert.Equal([2, 3, 5], handled);
    }

    [Fact]
    public async Task A_backplane_that_is_removed_hears_and_sends_nothing()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.Fusion().GetAsync("a", "old");
        two.Fusion().RemoveBackplane();

        await one.Fusion().RemoveAsync("a", token: TestContext.Current.CancellationToken);
        await one.HearsAsync(one);

        Assert.Equal("old", await two.Fusion().GetAsync("a", "not read"));
        Assert.DoesNotContain(two.Listener.GetStatistics(), subscription => subscription.Channel?.StartsWith(_channel, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_channel_that_is_too_long_with_the_listeners_prefix_is_an_error()
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.Configure<PgListenerOptions>(options => options.ChannelPrefix = "a long prefix of the shop.");
        FusionInstance.Add(one.Services, _channel, configure: builder => builder.WithOptions(options => options.WaitForInitialBackplaneSubscribe = true));
        await one.StartHostAsync();
        var e = Assert.Throws<FusionCacheInvalidOptionsException>(one.Fusion);
        Assert.Contains("BackplaneChannelPrefix", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_listener_is_an_error_that_names_it()
    {
        await using var one = new Instance(server.ConnectionString);
        one.Services.AddFusionCache().WithPgListenerBackplane(options => options.ListenerName = "shop");
        await one.StartHostAsync();
        var e = Assert.Throws<InvalidOperationException>(one.Fusion);
        Assert.Contains("""services.AddPgListener("shop")""", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Shop.Backplane:v2", "Shop.Backplane:v2")]
    [InlineData("cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.Backplane:v2", "cccccccccccccccccccccccccccccccccccccccccccccc:")]
    [InlineData("€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€.Backplane:v2", "€€€€€€€€€€€€€€€:")]
    public void A_channels_name_is_as_long_as_PostgreSQL_allows(string name, string expected)
    {
        var channel = BackplaneText.ChannelOf(name);
        Assert.StartsWith(expected, channel, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(channel), 1, 63);
        Assert.Equal(name == channel, name.Length < 63 && name[0] != '€');
    }

    [Fact]
    public void A_message_is_read_as_it_was_written()
    {
        BackplaneText.Read(BackplaneText.Write(BackplaneMessage.CreateForEntrySet("me", "a\0€", 5)), out var message, out var source);
        Assert.Equal(("me", "me", "a\0€", 5L, BackplaneMessageAction.EntrySet), (source, message!.SourceId, message.CacheKey, message.Timestamp, message.Action));
    }

    private Task<Instance> StartAsync(Action<IFusionCacheBuilder>? configure = null) => FusionInstance.StartAsync(server.ConnectionString, _channel, configure: configure);

    private Task<Instance> StartSharedAsync() => FusionInstance.StartAsync(server.ConnectionString, _channel, _store);
}
