using System.Text;
using System.Transactions;
using Microsoft.Extensions.DependencyInjection;
using PgListener.HybridCaching;

namespace PgListener.Caching.Tests.HybridCaching;

/// <summary>How the others are told.</summary>
public sealed class SendingTests(ServerFixture server)
{
    private readonly string _channel = ServerFixture.NewChannel();

    [Fact]
    public async Task Many_removals_at_the_same_time_share_few_notifications()
    {
        await using var one = await StartAsync(options => options.CoalesceWindow = TimeSpan.FromMilliseconds(50));
        await using var two = await StartAsync();
        string[] keys = [.. Enumerable.Range(0, 2000).Select(i => $"product:{i:0000}")];
        foreach (var key in keys)
            await two.GetAsync(key, () => "old");

        await Task.WhenAll(keys.Select(key => one.Cache.RemoveAsync(key, TestContext.Current.CancellationToken).AsTask())).SoonAsync();
        var removed = new HashSet<string>(StringComparer.Ordinal);
        var count = 0;
        for (; removed.Count < keys.Length; count++)
        {
            var payload = await two.Listener.Applied.NextAsync();
            Assert.InRange(Encoding.UTF8.GetByteCount(payload), 1, InvalidationMessage.MaxBytes);
            removed.UnionWith(InvalidationMessage.Read(payload)!.Keys);
        }

        Assert.InRange(count, 4, 20); // 2,000 keys of 15 bytes take 32,000.
        foreach (var key in keys)
            Assert.Equal("new", await two.GetAsync(key, () => "new"));
    }

    [Fact]
    public async Task A_removal_that_cannot_be_sent_does_not_throw_and_is_sent_when_the_server_is_back()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await one.GetAsync("a", () => "old");
        await two.GetAsync("a", () => "old");
        await one.CutAsync();

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken).SoonAsync();
        await one.Cache.RemoveByTagAsync("products", TestContext.Current.CancellationToken).SoonAsync();
        Assert.Single(one.Lines(730));
        Assert.Equal("new", await one.GetAsync("a", () => "new"));
        one.Connect();

        var keys = new List<string>();
        while (!keys.Contains("a", StringComparer.Ordinal))
            keys.AddRange(InvalidationMessage.Read(await two.Listener.Applied.NextAsync())!.Keys);
        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.True(await ((CoherentHybridCache)one.Cache).FlushAsync(TestContext.Current.CancellationToken));
        Assert.Single(one.Lines(731));
    }

    [Fact]
    public async Task What_could_not_be_sent_by_the_end_is_an_error_in_the_log()
    {
        await using var one = await StartAsync(options => options.StopTimeout = TimeSpan.Zero);
        await one.CutAsync();
        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken).SoonAsync();
        await one.DisposeAsync();

        Assert.Contains("1 key", Assert.Single(one.Lines(732)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removal_does_not_belong_to_the_transaction_of_its_caller()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old");

        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken); // It is rolled back.
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
    }

    [Fact]
    public async Task A_caller_that_gives_up_has_told_the_others_all_the_same()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await two.GetAsync("a", () => "old");
        one.Network.Delay = TimeSpan.FromMilliseconds(300);

        using var cancellation = new CancellationTokenSource();
        var removal = one.Cache.RemoveAsync("a", cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => removal.SoonAsync());
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
    }

    [Fact]
    public async Task A_prefix_of_the_listeners_channels_applies()
    {
        void AddPrefix(IServiceCollection services) => services.Configure<PgListenerOptions>(options => options.ChannelPrefix = "shop.");
        await using var one = await Instance.StartAsync(server.ConnectionString, _channel, AddPrefix);
        await using var two = await Instance.StartAsync(server.ConnectionString, _channel, AddPrefix);
        await using var other = await StartAsync();
        await two.GetAsync("a", () => "old");
        await other.GetAsync("a", () => "old");

        await one.Cache.RemoveAsync("a", TestContext.Current.CancellationToken);
        await two.Listener.Applied.NextAsync();

        Assert.Equal("new", await two.GetAsync("a", () => "new"));
        Assert.Equal(0, other.Listener.Applied.Waiting);
    }

    [Fact]
    public void A_message_is_read_as_it_was_written()
    {
        var message = new InvalidationMessage("me", ["a", "ä\"\\\u0000€😀"], ["t"], true, 5);
        var read = message.Write().Select(payload => InvalidationMessage.Read(payload)!).ToArray();

        Assert.All(read, one => Assert.Equal(("me", 5L), (one.From, one.At)));
        Assert.Equal(message.Keys, read.SelectMany(one => one.Keys));
        Assert.Equal(message.Tags, read.SelectMany(one => one.Tags));
        Assert.Single(read, one => one.All);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Payloads_are_as_long_as_allowed_and_no_longer(int bytes)
    {
        var character = bytes == 1 ? "k" : "€";
        string[] keys = [.. Enumerable.Range(1, 1000).Select(i => string.Concat(Enumerable.Repeat(character, i % 40 + 1)) + i)];
        var payloads = new InvalidationMessage(new string('f', 32), keys, [], false, long.MaxValue).Write();

        Assert.All(payloads, payload => Assert.InRange(Encoding.UTF8.GetByteCount(payload), 1, InvalidationMessage.MaxBytes));
        Assert.All(payloads.SkipLast(1), payload => Assert.InRange(Encoding.UTF8.GetByteCount(payload), InvalidationMessage.MaxBytes - 200, InvalidationMessage.MaxBytes));
        Assert.Equal(keys, payloads.SelectMany(payload => InvalidationMessage.Read(payload)!.Keys));
    }

    private Task<Instance> StartAsync(Action<HybridCacheCoherenceOptions>? configure = null) => Instance.StartAsync(server.ConnectionString, _channel, configure: configure);
}
