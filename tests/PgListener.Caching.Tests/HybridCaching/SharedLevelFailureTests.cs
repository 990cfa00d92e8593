using Microsoft.Extensions.Caching.Hybrid;
using PgListener.HybridCaching;

namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>Caches whose shared level takes its time, or fails.</summary>
public sealed class SharedLevelFailureTests(ServerFixture server) : SharedLevelScene(server)
{
    [Fact]
    public async Task A_tag_that_was_removed_long_ago_is_known_although_it_is_read_more_slowly_than_the_value()
    {
        await using var one = await StartAsync();
        await one.Cache.SetAsync("a", "old", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);
        await one.Cache.RemoveByTagAsync("products", TestContext.Current.CancellationToken);
        _store.OnRead = async key =>
        {
            await Task.Yield();
            if (key.EndsWith("products", StringComparison.Ordinal))
                await Task.Delay(100, CancellationToken.None); // How long the shared level takes.
        };

        await using var two = await StartAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
        Assert.Equal("new", await two.GetAsync("a", () => "not read", "products"));
    }

    [Fact]
    public async Task A_tag_that_cannot_be_read_is_asked_for_again_and_no_value_with_it_comes_from_the_shared_level_meanwhile()
    {
        await using var one = await StartAsync();
        await one.Cache.SetAsync("a", "old", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);
        await one.Cache.SetAsync("b", "shared", tags: ["orders"], cancellationToken: TestContext.Current.CancellationToken);
        await one.Cache.RemoveByTagAsync("products", TestContext.Current.CancellationToken);
        await using var two = await StartAsync();
        _store.OnRead = Fail;

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
        Assert.Equal("source", await two.Cache.GetOrCreateAsync(
            "b", _ => ValueTask.FromResult("source"), new() { Flags = HybridCacheEntryFlags.DisableLocalCacheWrite | HybridCacheEntryFlags.DisableDistributedCacheWrite }, ["orders"], TestContext.Current.CancellationToken));
        _store.OnRead = null;

        Assert.Equal("shared", await two.GetAsync("b", () => "not read", "orders"));
    }

    [Fact]
    public async Task All_tags_of_a_value_are_asked_for_at_the_same_time()
    {
        string[] tags = ["products", "orders", "prices"];
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await one.Cache.SetAsync("a", "shared", tags: tags, cancellationToken: TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        var (asked, goOn) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _store.OnRead = key =>
        {
            if (tags.Any(tag => key == $"__MSFT_HCT__{tag}") && Interlocked.Increment(ref asked) == tags.Length)
                goOn.SetResult();
            return goOn.Task;
        };

        // A tag that takes too long is not waited for, and the value would come from the source.
        Assert.Equal("shared", await two.GetAsync("a", () => "not read", tags).SoonAsync());
    }

    [Fact]
    public async Task An_old_value_that_was_written_just_before_its_removal_was_heard_is_removed_from_the_shared_level_and_the_others_are_told()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        Assert.Equal("old", await two.GetAsync("a", () => "old"));
        await Eventually(() => _store.Keys.Contains("a"));

        // The removal in the shared level came before the write, and its notification comes after it.
        await one.Publisher.PublishAsync(_channel, """{"from":"another","keys":["a"]}""", TestContext.Current.CancellationToken);
        Assert.Equal("a", await _store.Removed.NextAsync());
        await one.Listener.Applied.NextAsync();
        Assert.Contains("\"a\"", await one.Listener.Applied.NextAsync(), StringComparison.Ordinal);

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.Equal("new", await one.GetAsync("a", () => "not read"));
    }

    [Fact]
    public async Task An_old_value_of_its_own_that_may_have_to_be_removed_from_the_shared_level_is_not_read_there()
    {
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old");
        await Eventually(() => _store.Keys.Contains("a"));
        var goOn = HoldRepair(two);

        await two.Publisher.PublishAsync(_channel, """{"from":"another","keys":["a"]}""", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        goOn.SetResult();
        await two.SharedLevelDoneAsync();
        Assert.Equal("new", await two.GetAsync("a", () => "new"));
    }

    [Fact]
    public async Task A_new_value_is_not_removed_from_the_shared_level_because_an_old_one_was_written_there_before()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old");
        await Eventually(() => _store.TextOf("a").Contains("old", StringComparison.Ordinal));
        var goOn = HoldRepair(two);
        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        Assert.Equal("a", await _store.Removed.NextAsync());

        await two.GetAsync("a", () => "new");
        await Eventually(() => _store.TextOf("a").Contains("new", StringComparison.Ordinal));
        goOn.SetResult();
        await two.SharedLevelDoneAsync();

        Assert.Equal(0, _store.Removed.Waiting);
        Assert.Equal("new", await one.GetAsync("a", () => "not read"));
    }

    [Fact]
    public async Task Everything_that_is_removed_takes_back_what_was_written_just_before()
    {
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old");
        await Eventually(() => _store.Keys.Contains("a"));

        await two.Publisher.PublishAsync(_channel, """{"all":true}""", TestContext.Current.CancellationToken);

        Assert.Equal("a", await _store.Removed.NextAsync());
        Assert.Equal("new", await two.GetAsync("a", () => "new"));
    }

    [Fact]
    public async Task A_shared_level_that_hangs_after_a_gap_does_not_keep_removals_from_being_heard()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.CutAsync();
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.OnRead = _ => goOn.Task;
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        await two.Listener.WaitUntilListeningAsync(TestContext.Current.CancellationToken).SoonAsync();

        Assert.Equal("old", await two.GetAsync("a", () => "old", "products").SoonAsync());
        Assert.Equal("old", await two.GetAsync("a", () => "not read", "products").SoonAsync());
        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken).SoonAsync();
        await two.Listener.Applied.NextAsync();
        Assert.Equal("new", await two.GetAsync("a", () => "new", "products").SoonAsync());

        _store.OnRead = null;
        goOn.SetResult();
        await two.SharedLevelDoneAsync();
        Assert.Equal("newest", await two.GetAsync("b", () => "newest"));
        Assert.Equal("newest", await one.GetAsync("b", () => "not read"));
    }

    [Fact]
    public async Task A_shared_level_that_fails_after_a_gap_is_asked_until_it_succeeds()
    {
        await using var two = await StartAsync();
        await two.CutAsync();
        _store.OnRead = Fail;
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        await Eventually(() => two.Lines(748).Length == 1);
        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.DoesNotContain("a", _store.Keys);

        _store.OnRead = null;
        await two.SharedLevelDoneAsync();

        Assert.Single(two.Lines(749));
        await two.GetAsync("b", () => "new");
        await Eventually(() => _store.Keys.Contains("b"));
    }

    [Fact]
    public async Task Tags_that_are_removed_again_and_again_do_not_keep_a_gap_from_ending()
    {
        await using var two = await StartAsync();
        var feed = new FeedInvalidation(LevelsOf(two));
        await two.CutAsync();
        _store.OnRead = key => key == RemovalOfAll ? feed.RemoveByTagAsync(["busy"], CancellationToken.None) : Task.CompletedTask;
        two.Connect();
        await two.Listener.Gaps.NextAsync();

        await two.SharedLevelDoneAsync();
        await two.GetAsync("a", () => "new");
        await Eventually(() => _store.Keys.Contains("a"));
    }

    [Fact]
    public async Task A_tag_that_is_not_recorded_yet_when_a_gap_ends_is_removed_all_the_same()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await one.Cache.SetAsync("a", "old", tags: ["busy"], cancellationToken: TestContext.Current.CancellationToken);
        var feed = new FeedInvalidation(LevelsOf(two));
        var handled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await two.CutAsync();
        _store.OnWrite = key => key == "__MSFT_HCT__first" ? goOn.Task : Task.CompletedTask;
        _store.OnRead = async key =>
        {
            if (key != RemovalOfAll)
                return;

            _store.OnRead = null; // Before the inner cache is replaced.
            await handled.Task;
            await feed.RemoveByTagAsync(["first", "busy"], CancellationToken.None);
        };
        two.Connect();
        await two.Listener.Gaps.NextAsync();
        handled.SetResult();
        await Eventually(() => !LevelsOf(two).Shared!.IsClosed);

        Assert.Equal("new", await two.GetAsync("a", () => "new", "busy"));
        goOn.SetResult();
    }

    [Fact]
    public async Task A_tag_that_is_removed_again_and_again_does_not_keep_keys_from_being_removed()
    {
        await using var one = await StartAsync();
        var feed = new FeedInvalidation(LevelsOf(one));
        _store.OnWrite = key => key == "__MSFT_HCT__busy" ? feed.RemoveByTagAsync(["busy"], CancellationToken.None) : Task.CompletedTask;
        await feed.RemoveByTagAsync(["busy"], CancellationToken.None);

        feed.Remove(["a"]);

        Assert.Equal("a", await _store.Removed.NextAsync());
        _store.OnWrite = null;
        await one.SharedLevelDoneAsync();
    }

    [Theory]
    [InlineData("set")]
    [InlineData("key")]
    [InlineData("tag")]
    public async Task What_could_not_be_changed_in_the_shared_level_is_removed_there_later(string how)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await one.Cache.SetAsync("a", "old", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        _store.OnWrite = _store.OnRemove = Fail;

        var change = ChangeAsync(one, how, TestContext.Current.CancellationToken).SoonAsync();
        if (how == "set")
            await change; // HybridCache logs that the shared level has failed.
        else
            await Assert.ThrowsAsync<InvalidOperationException>(() => change);
        await two.Listener.Applied.NextAsync();
        _store.OnWrite = _store.OnRemove = null;
        await one.SharedLevelDoneAsync();

        await using var three = await StartAsync();
        Assert.Equal("new", await three.GetAsync("a", () => "new", "products"));
    }

    [Theory]
    [InlineData("set")]
    [InlineData("key")]
    [InlineData("tag")]
    public async Task What_was_cancelled_takes_effect_on_all_instances(string how)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await one.Cache.SetAsync("a", "old", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        Assert.Equal("old", await two.GetAsync("a", () => "not read", "products"));

        // As those of a server do, its methods do nothing if they are cancelled.
        _store.IsCancellable = true;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ChangeAsync(one, how, new CancellationToken(canceled: true)).SoonAsync());
        await two.Listener.Applied.NextAsync();
        await one.SharedLevelDoneAsync();
        await two.SharedLevelDoneAsync();

        await using var three = await StartAsync();
        Assert.Equal("new", await three.GetAsync("a", () => "new", "products"));
        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
    }

    [Fact]
    public void Above_the_limit_the_older_half_of_what_was_written_is_forgotten()
    {
        var time = new Clock();
        var writes = new RecentWrites(time);
        for (var i = 0; i <= RecentWrites.Most; i++)
        {
            writes.Begin($"{i}", i);
            writes.End($"{i}");
            time.Now += TimeSpan.FromTicks(1);
        }

        var middle = DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(RecentWrites.Most / 2);
        Assert.Null(writes.Since(null));
        Assert.Null(writes.Since(middle - TimeSpan.FromTicks(1)));
        Assert.Equal(RecentWrites.Most / 2 + 1, writes.Since(middle)!.Count);
        Assert.True(writes.TryGetPrint($"{RecentWrites.Most}", out var print));
        Assert.Equal(RecentWrites.Most, print);
        Assert.False(writes.TryGetPrint("0", out _));
    }

    [Fact]
    public void What_was_written_long_ago_is_not_looked_for()
    {
        var time = new Clock();
        var writes = new RecentWrites(time);
        writes.Begin("a", 1);
        writes.End("a");
        writes.Begin("b", 2); // It has not ended.
        time.Now += TimeSpan.FromMinutes(5);
        Assert.Equal(["a", "b"], writes.All().Order(StringComparer.Ordinal));

        time.Now += TimeSpan.FromTicks(1);

        Assert.Equal(["b"], writes.All());
        Assert.False(writes.TryGetPrint("a", out _));
        Assert.True(writes.TryGetPrint("b", out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reading_that_is_cancelled_by_those_who_had_begun_it_is_begun_again_for_each_that_waits(bool cancels)
    {
        await using var one = await StartAsync();
        using var gone = new CancellationTokenSource();
        var reading = new Reading { Cancels = cancels, Fails = !cancels };
        var first = one.GetHeldAsync(reading, "old", gone.Token);
        await reading.HasBegun.SoonAsync();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.SoonAsync());

        var second = one.GetAsync("a", () => "new", "products").AsTask();
        reading.End();

        Assert.Equal("new", await second.SoonAsync());
    }

    private static async Task ChangeAsync(Instance instance, string how, CancellationToken cancellationToken)
    {
        if (how == "set")
            await instance.Cache.SetAsync("a", "set", tags: ["products"], cancellationToken: cancellationToken);
        else if (how == "key")
            await instance.Cache.RemoveAsync("a", cancellationToken);
        else
            await instance.Cache.RemoveByTagAsync("products", cancellationToken);
    }

    /// <summary>Has something repaired in the shared level that ends when the test says so. What comes later waits.</summary>
    private TaskCompletionSource HoldRepair(Instance instance)
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.OnWrite = key => key == "__MSFT_HCT__held" ? goOn.Task : Task.CompletedTask;
        LevelsOf(instance).Repair.AddTags(["held"]);
        return goOn;
    }

    private static CacheLevels LevelsOf(Instance instance) => ((CoherentHybridCache)instance.Cache).Levels;

    private static Task Fail(string key) => Task.FromException(new InvalidOperationException("The store is away."));

    private static Task<bool> Eventually(Func<bool> condition) => WebApi.Tests.Eventually.GetAsync(() => Task.FromResult(condition()), static done => done);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
