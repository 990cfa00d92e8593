namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>What was being read when it was invalidated is never returned from the cache.</summary>
public sealed class ReadingTests(ServerFixture server)
{
    private readonly string _channel = ServerFixture.NewChannel();

    [Theory]
    [InlineData("key")]
    [InlineData("tag")]
    [InlineData("all")]
    [InlineData("set")]
    public async Task A_value_that_is_being_read_on_another_instance_is_not_kept(string how)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var reading = new Reading();
        var read = two.GetHeldAsync(reading, "old", CancellationToken.None);
        await reading.HasBegun.SoonAsync();

        await RemoveAsync(one, how);
        await two.Listener.Applied.NextAsync();
        reading.End();

        Assert.Equal("old", await read.SoonAsync()); // This call has come before the removal.
        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
        Assert.Equal("new", await two.GetAsync("a", () => "not read", "products"));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("tag")]
    [InlineData("all")]
    public async Task A_value_that_is_being_read_on_the_same_instance_is_not_kept(string how)
    {
        await using var one = await StartAsync();
        var reading = new Reading();
        var read = one.GetHeldAsync(reading, "old", CancellationToken.None);
        await reading.HasBegun.SoonAsync();

        await RemoveAsync(one, how);
        reading.End();

        Assert.Equal("old", await read.SoonAsync());
        Assert.Equal("new", await one.GetAsync("a", () => "new", "products"));
    }

    [Fact]
    public async Task A_value_that_is_being_read_in_a_gap_is_not_kept()
    {
        await using var one = await StartAsync();
        var reading = new Reading();
        var read = one.GetHeldAsync(reading, "old", CancellationToken.None);
        await reading.HasBegun.SoonAsync();

        await one.CutAsync();
        one.Connect();
        await one.Listener.Gaps.NextAsync();
        reading.End();
        await read.SoonAsync();

        Assert.Equal("new", await one.GetAsync("a", () => "new", "products"));
    }

    [Fact]
    public async Task A_value_that_is_read_in_the_background_after_its_caller_has_gone_is_not_kept()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var reading = new Reading();
        using var cancellation = new CancellationTokenSource();
        var read = two.GetHeldAsync(reading, "old", cancellation.Token);
        await reading.HasBegun.SoonAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.SoonAsync());

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();
        reading.End();
        await reading.HasEnded.SoonAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new", "products"));
        Assert.Equal("new", await two.GetAsync("a", () => "not read", "products"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_comes_after_the_removal_and_joins_an_older_reading_reads_again(bool canBeCancelled)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        using var cancellation = new CancellationTokenSource();
        var token = canBeCancelled ? cancellation.Token : CancellationToken.None;
        var reading = new Reading();
        var before = two.GetHeldAsync(reading, "old", token);
        await reading.HasBegun.SoonAsync();
        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        // The value of a factory decides who has run: the joined reading returns "old" for both.
        var after = two.GetHeldAsync(Reading.AtOnce(), "new", token);
        reading.End();

        Assert.Equal("old", await before.SoonAsync());
        Assert.Equal("new", await after.SoonAsync());
    }

    [Fact]
    public async Task Callers_at_the_same_time_share_one_reading()
    {
        await using var one = await StartAsync();
        var reading = new Reading();
        Task<string>[] all = [.. Enumerable.Range(0, 10).Select(_ => one.GetHeldAsync(reading, "value", CancellationToken.None))];
        await reading.HasBegun.SoonAsync();
        reading.End();

        Assert.All(await Task.WhenAll(all).SoonAsync(), value => Assert.Equal("value", value));
        Assert.Equal(1, reading.Count);
    }

    [Fact]
    public async Task A_reading_is_cancelled_when_all_callers_have_given_up_and_no_sooner()
    {
        await using var one = await StartAsync();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var reading = new Reading();
        var begun = one.GetHeldAsync(reading, "value", first.Token);
        await reading.HasBegun.SoonAsync();
        var joined = one.GetHeldAsync(reading, "value", second.Token);

        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => begun.SoonAsync());
        Assert.False(reading.Token.IsCancellationRequested);

        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = reading.Token.Register(() => cancelled.SetResult());
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joined.SoonAsync());
        await cancelled.Task.SoonAsync();
        reading.End();
    }

    [Fact]
    public async Task A_caller_that_joins_a_cancelled_reading_gets_a_value_all_the_same()
    {
        await using var one = await StartAsync();
        using var cancellation = new CancellationTokenSource();
        var reading = new Reading { Cancels = true };
        var cancelled = one.GetHeldAsync(reading, "value", cancellation.Token);
        await reading.HasBegun.SoonAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.SoonAsync());

        var joined = one.GetHeldAsync(Reading.AtOnce(), "new", CancellationToken.None);
        reading.End();

        Assert.Equal("new", await joined.SoonAsync());
    }

    [Fact]
    public async Task A_failure_of_the_source_is_thrown_and_not_kept()
    {
        await using var one = await StartAsync();
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => one.GetAsync("a", () => throw new InvalidTimeZoneException()).SoonAsync());
        Assert.Equal("new", await one.GetAsync("a", () => "new"));
    }

    [Fact]
    public async Task A_value_that_is_set_while_an_older_one_is_being_read_stays()
    {
        await using var one = await StartAsync();
        var reading = new Reading();
        var read = one.GetHeldAsync(reading, "old", CancellationToken.None);
        await reading.HasBegun.SoonAsync();

        await one.Cache.SetAsync("a", "set", tags: ["products"], cancellationToken: TestContext.Current.CancellationToken);
        reading.End();
        await read.SoonAsync();

        Assert.Equal("set", await one.GetAsync("a", () => "not read", "products"));
    }

    [Fact]
    public async Task Without_the_flow_of_the_execution_context_values_are_returned_and_not_kept()
    {
        await using var one = await StartAsync();
        var reads = 0;
        Task<string> ReadAsync()
        {
            using (ExecutionContext.SuppressFlow())
            {
                return one.Cache.GetOrCreateAsync(
                    "a",
                    async _ =>
                    {
                        await Task.Yield();
                        return $"{++reads}";
                    },
                    cancellationToken: CancellationToken.None).AsTask();
            }
        }

        Assert.Equal("1", await ReadAsync().SoonAsync());
        Assert.Equal("2", await ReadAsync().SoonAsync());
    }

    private static async Task RemoveAsync(Instance instance, string how)
    {
        var token = TestContext.Current.CancellationToken;
        await (how switch
        {
            "key" => instance.Cache.RemoveAsync("a", token),
            "tag" => instance.Cache.RemoveByTagAsync("products", token),
            "all" => instance.Cache.RemoveByTagAsync("*", token),
            _ => instance.Cache.SetAsync("a", "set", cancellationToken: token),
        });
    }

    private Task<Instance> StartAsync() => Instance.StartAsync(server.ConnectionString, _channel);
}
