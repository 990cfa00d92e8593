using PgListener.Caching.Tests.Checks;

namespace PgListener.Caching.Tests.HybridCaching;

public sealed class CheckTests(ServerFixture server, ITestOutputHelper output)
{
    [Fact]
    public async Task Three_instances_never_return_what_they_have_heard_to_be_old()
    {
        var channel = ServerFixture.NewChannel();
        var journal = await CheckRun.RunAsync(await server.CreateDatabaseAsync(), services => CheckedHybridCache.Add(services, channel), instance => instance.StartAsync(), instance => new CheckedHybridCache(instance, channel), writes: 1000, cuts: 20);

        output.WriteLine(journal.Summary());
        journal.AssertNothingStale();
        Assert.InRange(journal.Gaps, 20, 1000);
        Assert.InRange(journal.Writes.Count(write => write.Sent is not null), 900, 1000);
        Assert.InRange(journal.Reads.Count(read => read.IsHit), 1000, int.MaxValue);
    }
}
