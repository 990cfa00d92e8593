using System.Collections.Concurrent;
using System.Diagnostics;

namespace PgListener.Durable.Tests.Streams;

/// <summary>What many streams cost.</summary>
public class StreamCostTests(ServerFixture server)
{
    [Fact]
    public async Task A_thousand_idle_streams_cost_no_more_statements_than_one()
    {
        const int Streams = 1_000;
        await using var app = await StreamingApp.StartAsync(
            await server.CreateDatabaseAsync(), options => options.PollInterval = TimeSpan.FromMilliseconds(100), listener => listener.KeepAlive = TimeSpan.FromMinutes(5));
        var database = app.DataSource.CreateConnection().Database;
        var statements = new ConcurrentQueue<string>();
        using var watch = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Npgsql",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (Equals(activity.GetTagItem("db.namespace") ?? activity.GetTagItem("db.name"), database))
                    statements.Enqueue(activity.GetTagItem("db.query.text") as string ?? activity.GetTagItem("db.statement") as string ?? activity.DisplayName);
            },
        };
        ActivitySource.AddActivityListener(watch);
        var readings = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => app.ReadFromNowAsync()));

        await LooksAsync(3); // The rest of the beginning.
        Assert.True(Looks() > 0, $"No look is among the {statements.Count} statements.");

        // A look that comes while the tail reads has it read once more, so on a busy machine it takes some looks until it waits.
        await Operations.Application.UntilAsync(
            async () =>
            {
                statements.Clear();
                await LooksAsync(10);
                return ReadsForStreams() <= 2; // Not a read for each look, nor for each stream.
            },
            "The tail reads for each look.");
        Assert.True(Looks() >= 8, $"{Looks()} looks.");
        Assert.InRange(statements.Count(static text => !text.StartsWith("WITH request", StringComparison.Ordinal)), 0, 100); // What keeps the log, and the like.

        await app.PublishAsync(1);
        Assert.All(await Task.WhenAll(readings.Select(reading => reading.NextAsync())), message => Assert.Equal(1, message.Value.Id));
        Assert.InRange(ReadsForStreams(), 1, 50);
        foreach (var reading in readings)
            await reading.DisposeAsync();

        int Looks() => statements.Count(static text => text.StartsWith("WITH request", StringComparison.Ordinal));

        // Each page that is read for streams comes with this question.
        int ReadsForStreams() => statements.Count(static text => text.Contains("FROM pglistener.removal", StringComparison.Ordinal));

        async Task LooksAsync(int count)
        {
            var upto = app.Channels.GetStatistics().Looks + count;
            await Operations.Application.UntilAsync(() => Task.FromResult(app.Channels.GetStatistics().Looks >= upto), "It does not look.");
        }
    }
}
