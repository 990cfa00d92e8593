using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>Caches with a shared level.</summary>
public sealed class SharedLevelTests(ServerFixture server) : SharedLevelScene(server)
{
    [Fact]
    public async Task A_value_that_one_instance_sets_is_read_from_the_shared_level_by_the_others()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old");

        await one.Cache.SetAsync("a", "set", cancellationToken: TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        await two.SharedLevelDoneAsync(); // It has looked whether its own old value is still there.

        Assert.Equal("set", await two.GetAsync("a", () => "not read"));
        Assert.Equal(0, _store.Removed.Waiting);
    }

    [Fact]
    public async Task A_removed_key_is_removed_from_the_shared_level_once()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old");

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        await two.SharedLevelDoneAsync();
        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.Equal(1, _store.Removed.Waiting);
    }

    [Fact]
    public async Task A_value_that_was_invalidated_before_it_is_written_does_not_get_into_the_shared_level()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var writes = new Received<string>();
        _store.OnWrite = key =>
        {
            writes.Add(key);
            return Task.CompletedTask;
        };
        var reading = new Reading();
        var read = two.GetHeldAsync(reading, "old", CancellationToken.None);
        await reading.HasBegun.SoonAsync();

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        reading.End();
        await read.SoonAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
        await writes.NextAsync();
        Assert.Equal(0, writes.Waiting);
        Assert.Equal("new", await one.GetAsync("a", () => "also new", "products"));
    }

    [Fact]
    public async Task A_value_that_is_invalidated_while_it_is_written_is_removed_again_and_the_others_are_told()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var (writes, goOn) = (new Received<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _store.OnWrite = key =>
        {
            writes.Add(key);
            return goOn.Task;
        };
        Assert.Equal("old", await two.GetAsync("a", () => "old"));
        await writes.NextAsync();

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await one.Listener.Applied.NextAsync();
        await two.Listener.Applied.NextAsync();
        await _store.Removed.NextAsync();
        _store.OnWrite = null;
        goOn.SetResult();
        await _store.Removed.NextAsync();

        // An instance that has read it in the meantime hears of it.
        await one.Listener.Applied.NextAsync();
        Assert.Empty(_store.Keys);
    }

    [Fact]
    public async Task A_value_that_was_read_from_the_shared_level_before_it_was_removed_there_is_not_kept()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await one.Cache.SetAsync("a", "old", cancellationToken: TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        var (reads, goOn) = (new Received<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _store.OnRead = key =>
        {
            reads.Add(key);
            return goOn.Task;
        };
        var read = two.GetAsync("a", () => "not read").AsTask();
        await reads.NextAsync();

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        _store.OnRead = null;
        goOn.SetResult();
        await read.SoonAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
    }

    [Fact]
    public async Task A_value_that_is_being_set_is_not_replaced_by_an_older_one_that_was_being_read()
    {
        await using var one = await StartAsync();
        var reading = new Reading();
        var read = one.GetHeldAsync(reading, "old", CancellationToken.None);
        await reading.HasBegun.SoonAsync();
        var (writes, goOn) = (new Received<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _store.OnWrite = key =>
        {
            writes.Add(key);
            return goOn.Task;
        };
        var set = one.Cache.SetAsync("a", "set", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken).AsTask();
        await writes.NextAsync();

        reading.End();
        await read.SoonAsync();
        Assert.Equal("set", await one.GetAsync("a", () => "not read", "products"));

        goOn.SetResult();
        await set.SoonAsync();
        Assert.Equal("set", await one.GetAsync("a", () => "not read", "products"));
    }

    [Fact]
    public async Task What_is_read_from_the_shared_level_while_a_value_is_being_set_does_not_replace_it()
    {
        await using var one = await StartAsync();
        await one.Cache.SetAsync("a", "old", cancellationToken: TestContext.Current.CancellationToken);
        var (writes, goOn) = (new Received<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _store.OnWrite = key =>
        {
            writes.Add(key);
            return goOn.Task;
        };
        var set = one.Cache.SetAsync("a", "set", cancellationToken: TestContext.Current.CancellationToken).AsTask();
        await writes.NextAsync();

        // It does not look at the local level, and stores what it finds in the shared one.
        Assert.Equal("old", await one.Cache.GetOrCreateAsync(
            "a", _ => ValueTask.FromResult("not read"), new() { Flags = HybridCacheEntryFlags.DisableLocalCacheRead }, cancellationToken: TestContext.Current.CancellationToken));
        _store.OnWrite = null;
        goOn.SetResult();
        await set.SoonAsync();

        Assert.Equal("set", await one.GetAsync("a", () => "not read"));
    }

    [Fact]
    public async Task What_is_read_from_the_shared_level_while_a_key_is_being_removed_there_is_not_kept()
    {
        await using var one = await StartAsync();
        await one.Cache.SetAsync("a", "old", cancellationToken: TestContext.Current.CancellationToken);
        var (removals, goOn) = (new Received<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _store.OnRemove = key =>
        {
            removals.Add(key);
            return goOn.Task;
        };
        var removal = one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken).AsTask();
        await removals.NextAsync();

        Assert.Equal("old", await one.GetAsync("a", () => "not read"));
        goOn.SetResult();
        await removal.SoonAsync();

        Assert.Equal("new", await one.GetAsync("a", () => "new"));
    }

    [Theory]
    [InlineData("products")]
    [InlineData("*")]
    public async Task A_tag_that_was_removed_in_a_gap_is_known_afterwards(string tag)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.Cache.SetAsync("a", "old", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);
        await two.Cache.SetAsync("b", "other", tags: ["orders"], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("old", await two.GetAsync("a", () => "not read", "products"));

        await two.CutAsync();
        await one.Cache.RemoveByTagAsync(tag, TestContext.Current.CancellationToken);
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        await two.SharedLevelDoneAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
        Assert.Equal(tag == "*" ? "new" : "other", await two.GetAsync("b", () => "new", "orders"));
    }

    [Theory]
    [InlineData("products")]
    [InlineData("*")]
    public async Task A_tag_that_is_removed_in_an_outage_is_known_before_a_value_is_read_from_the_shared_level(string tag)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync(configure: options => options.MaxOutage = TimeSpan.Zero);
        await one.Cache.SetAsync("a", "old", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        Assert.Equal("old", await two.GetAsync("a", () => "not read", "products"));

        await two.CutAsync();
        await one.Cache.RemoveByTagAsync(tag, TestContext.Current.CancellationToken);

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
    }

    [Fact]
    public async Task A_tag_that_is_removed_before_the_inner_cache_is_replaced_is_removed_for_the_new_one_too()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.CutAsync();
        var reads = new Received<TaskCompletionSource>();
        _store.OnRead = key =>
        {
            if (key != RemovalOfAll)
                return Task.CompletedTask;

            var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            reads.Add(goOn);
            return goOn.Task;
        };
        two.Connect();
        var before = await reads.NextAsync();
        await two.Listener.Gaps.NextAsync();
        Assert.Equal("old", await two.GetAsync("a", () => "old", "products"));

        await one.Cache.RemoveByTagAsync("products", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        before.SetResult();
        var after = await reads.NextAsync(); // The new one is in its place.

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
        _store.OnRead = null;
        after.SetResult();
    }

    [Fact]
    public async Task A_tag_that_is_being_removed_while_the_inner_cache_is_replaced_is_removed_for_the_new_one_too()
    {
        await using var one = await StartAsync();
        await one.Cache.SetAsync("a", "old", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);
        var (writes, goOn) = (new Received<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _store.OnWrite = key =>
        {
            writes.Add(key);
            return goOn.Task;
        };
        var removal = one.Cache.RemoveByTagAsync("products", TestContext.Current.CancellationToken).AsTask();
        await writes.NextAsync();

        await one.CutAsync();
        one.Connect();
        await one.Listener.Gaps.NextAsync();
        await one.SharedLevelDoneAsync();
        Assert.Equal("old", await one.GetAsync("a", () => "not read", "products")); // The new one has looked, and the removal is not recorded yet.
        _store.OnWrite = null;
        goOn.SetResult();
        await removal.SoonAsync();

        Assert.Equal("new", await one.GetAsync("a", () => "new", "products"));
    }

    [Fact]
    public async Task A_removal_of_everything_in_a_gap_is_known_before_anything_is_read_again()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.Cache.SetAsync("a", "old", cancellationToken: TestContext.Current.CancellationToken);
        await two.CutAsync();
        await one.Cache.RemoveByTagAsync("*", TestContext.Current.CancellationToken);

        var (reads, goOn) = (new Received<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _store.OnRead = key =>
        {
            reads.Add(key);
            return key == RemovalOfAll ? goOn.Task : Task.CompletedTask;
        };
        two.Connect();
        Assert.Equal(RemovalOfAll, await reads.NextAsync());
        await two.Listener.Gaps.NextAsync();

        // It does not wait for the shared level, and does not read it either.
        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.Equal(0, reads.Waiting);
        goOn.SetResult();
        await two.SharedLevelDoneAsync();
        Assert.Equal("newest", await two.Cache.GetOrCreateAsync(
            "a", _ => ValueTask.FromResult("newest"), new() { Flags = HybridCacheEntryFlags.DisableLocalCacheRead }, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_removed_tag_is_recorded_by_the_instance_that_has_removed_it_and_by_no_other()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var writes = new Received<string>();
        _store.OnWrite = key =>
        {
            writes.Add(key);
            return Task.CompletedTask;
        };

        await one.Cache.RemoveByTagAsync("products", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("__MSFT_HCT__products", await writes.NextAsync());
        Assert.Equal(0, writes.Waiting);
    }

    [Fact]
    public async Task A_removed_tag_applies_on_an_instance_whose_clock_is_behind()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync(services => services.AddSingleton<IDistributedCache>(_store).AddSingleton<TimeProvider>(new LateClock()));
        await one.GetAsync("a", () => "old", "products");
        Assert.Equal("old", await two.GetAsync("a", () => "not read", "products"));

        await one.Cache.RemoveByTagAsync("products", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
        Assert.Equal("new", await two.GetAsync("a", () => "not read", "products"));
    }

    [Fact]
    public async Task A_gap_leaves_the_shared_level_of_others_alone()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await one.GetAsync("a", () => "of one");
        await _store.WhenHoldsAsync("a", "of one");
        Assert.Equal("of one", await two.GetAsync("a", () => "not read"));

        await two.CutAsync();
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        await two.SharedLevelDoneAsync();

        Assert.Equal("of one", await two.GetAsync("a", () => "not read"));
    }

    [Fact]
    public async Task What_is_read_while_the_listener_is_away_does_not_get_into_the_shared_level()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.CutAsync();
        Assert.Equal("old", await two.GetAsync("a", () => "old"));

        Assert.Equal("new", await one.GetAsync("a", () => "new"));
        await _store.WhenHoldsAsync("a", "new");
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        await two.SharedLevelDoneAsync();
        Assert.Equal("new", await two.GetAsync("a", () => "not read"));
    }

    [Fact]
    public async Task What_was_written_to_the_shared_level_before_it_was_known_that_the_connection_was_lost_is_removed()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        two.Network.Freeze();
        Assert.Equal("old", await two.GetAsync("a", () => "old")); // It still believes that it listens.
        await _store.WhenHoldsAsync("a", "old");
        await one.GetAsync("a", () => "not read");

        two.Network.ResetAll();
        two.Network.Thaw();
        await two.Listener.Gaps.NextAsync();
        await two.SharedLevelDoneAsync();
        await one.Listener.Applied.NextAsync();

        Assert.Equal("new", await one.GetAsync("a", () => "new"));
        await _store.WhenHoldsAsync("a", "new");
        Assert.Equal("new", await two.GetAsync("a", () => "not read"));
    }

    [Fact]
    public async Task A_distributed_cache_in_memory_is_no_shared_level()
    {
        await using var one = await StartAsync(services => services.AddDistributedMemoryCache());
        await using var two = await StartAsync(services => services.AddDistributedMemoryCache());
        await two.Cache.SetAsync("a", "old", cancellationToken: TestContext.Current.CancellationToken);
        await one.Listener.Applied.NextAsync();
        await two.Listener.Applied.NextAsync();

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
    }

    private sealed class LateClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - TimeSpan.FromSeconds(10);
    }
}
