using System.Collections.Concurrent;
using System.Data;

namespace PgListener.Durable.Tests.Positions.Protocol;

/// <summary>
/// Several that believe to hold the same position, on a real server: however their steps follow each other, moves form a chain, and a holder that was overtaken moves nothing.
/// A crash is an end of the steps, with a rollback if it is within a transaction: in all orders, it happens after every step.
/// </summary>
[Collection(nameof(QuietServer))]
public class ProtocolTests(QuietServer server, ITestOutputHelper output)
{
    private const int Stages = 4;

    private static readonly Step[] Commits = [Step.Read, Step.Move, Step.Begin, Step.MoveInTransaction, Step.Commit, Step.Prune];
    private static readonly Step[] RollsBack = [Step.Read, Step.Move, Step.Begin, Step.MoveInTransaction, Step.RollBack, Step.Prune];
    private static readonly Step[] ComesBack = [Step.Read, Step.Move, Step.Move, Step.Prune, Step.Read, Step.Move];

    [Theory]
    [InlineData(IsolationLevel.ReadCommitted)]
    [InlineData(IsolationLevel.RepeatableRead)]
    [InlineData(IsolationLevel.Serializable)]
    public async Task Two_holders_in_every_order(IsolationLevel isolation)
    {
        Step[][] programs = [Commits, Commits];
        Step[][] others = [Commits, RollsBack];
        await PlayAsync(
            2,
            Orders.All(Commits.Length, Commits.Length).Select(order => (programs, order, isolation))
                .Concat(isolation == IsolationLevel.ReadCommitted ? Orders.All(Commits.Length, RollsBack.Length).Select(order => (others, order, isolation)) : []));
    }

    [Fact]
    public async Task Three_holders_in_many_orders()
    {
        const int Count = 400;
        var seed = Random.Shared.Next(1_000_000);
        output.WriteLine($"Seed {seed}.");
        var random = new Random(seed);
        Step[][] programs = [Commits, RollsBack, ComesBack];
        IsolationLevel[] levels = [IsolationLevel.ReadCommitted, IsolationLevel.RepeatableRead, IsolationLevel.Serializable];
        await PlayAsync(3, Orders.Some(random, Count, Commits.Length, RollsBack.Length, ComesBack.Length).Select((order, i) => (programs, order, levels[i % levels.Length])));
    }

    private async Task PlayAsync(int holders, IEnumerable<(Step[][] Programs, int[] Order, IsolationLevel Isolation)> plays)
    {
        await using var database = await server.CreateLogAsync();
        var all = new ConcurrentQueue<(Step[][] Programs, int[] Order, IsolationLevel Isolation)>(plays);
        var refusals = new ConcurrentBag<KeyValuePair<string, int>>();
        output.WriteLine($"{all.Count} orders.");
        await Task.WhenAll(Enumerable.Range(0, Stages).Select(async _ =>
        {
            await using var stage = await Stage.OpenAsync(database.DataSource, holders);
            while (all.TryDequeue(out var play))
                await stage.PlayAsync(play.Programs, play.Order, play.Isolation);
            foreach (var refusal in stage.Refusals)
                refusals.Add(refusal);
        }));
        foreach (var how in refusals.GroupBy(refusal => refusal.Key, refusal => refusal.Value, StringComparer.Ordinal))
            output.WriteLine($"{how.Key}: {how.Sum()} refused.");
        Assert.Contains(refusals, refusal => refusal.Key == "23505");
        Assert.Contains(refusals, refusal => refusal.Key == "no row");
    }
}
