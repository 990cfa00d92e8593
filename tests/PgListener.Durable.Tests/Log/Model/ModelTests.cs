namespace PgListener.Durable.Tests.Log.Model;

/// <summary>Random schedules: every committed message is read once, and in order.</summary>
[Collection(nameof(QuietServer))]
public class ModelTests(QuietServer server, ITestOutputHelper output)
{
    private const int Schedules = 200;
    private const int AtOnce = 6;

    [Fact]
    public async Task Every_committed_message_is_read_once_and_in_order_whatever_the_schedule()
    {
        await using var database = await server.CreateLogAsync();
        var first = Random.Shared.Next(1_000_000);
        output.WriteLine($"Seeds from {first} on.");
        var committed = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(first, Schedules),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken },
            async (seed, _) => Interlocked.Add(ref committed, await new ModelRun(database.DataSource, seed).RunAsync()));
        output.WriteLine($"{committed} messages were committed.");
        Assert.True(committed > Schedules);
    }
}
