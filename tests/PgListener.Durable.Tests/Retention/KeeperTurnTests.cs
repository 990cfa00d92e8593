using PgListener.Durable.Membership;
using PgListener.Durable.Tests.Membership;

namespace PgListener.Durable.Tests.Retention;

/// <summary>One instance at a time keeps the log.</summary>
public class KeeperTurnTests(ServerFixture server)
{
    [Fact]
    public async Task One_of_several_instances_keeps_the_log_and_another_one_follows()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var turns = new Turns();
        var instances = Enumerable.Range(0, 3).Select(i => new MemberInstance(database.ConnectionString, keep: turns.Of(i), subscriptions: [MemberInstance.Handler("a", shards: 3)])).ToList();
        await LockTable.UntilAsync(() => instances.TrueForAll(instance => instance.Runner.Running.Count == 1), "all share");
        for (var former = new List<int>(); former.Count < 3;)
        {
            await LockTable.UntilAsync(() => turns.Keeping.Count == 1, "one keeps the log");
            var keeping = Assert.Single(turns.Keeping);
            Assert.DoesNotContain(keeping, former);
            former.Add(keeping);
            await instances[keeping].StopAsync();
        }

        Assert.Empty(turns.Keeping);
        Assert.False(turns.HasOverlapped);
        foreach (var instance in instances)
            await instance.DisposeAsync();
    }

    private sealed class Turns
    {
        private readonly Lock _sync = new();
        private readonly HashSet<int> _keeping = [];

        public bool HasOverlapped { get; private set; }

        public IReadOnlyCollection<int> Keeping
        {
            get
            {
                lock (_sync)
                    return [.. _keeping];
            }
        }

        public Func<Cluster, CancellationToken, Task> Of(int instance) => async (_, end) =>
        {
            lock (_sync)
            {
                _keeping.Add(instance);
                HasOverlapped |= _keeping.Count > 1;
            }

            await Task.Delay(Timeout.Infinite, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_sync)
                _keeping.Remove(instance);
        };
    }
}
