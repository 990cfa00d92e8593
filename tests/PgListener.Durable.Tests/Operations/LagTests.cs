using PgListener.Durable.Log;
using PgListener.Durable.Operations;

namespace PgListener.Durable.Tests.Operations;

/// <summary>What is counted as waiting is what a reader still reads.</summary>
[Collection(nameof(QuietServer))]
public class LagTests(QuietServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task It_counts_exactly_what_is_left_on_random_schedules(int seed)
    {
        var random = new Random(seed);
        await using var log = await server.CreateLogAsync();
        await using var reader = await log.DataSource.OpenConnectionAsync(Token);
        var channel = new LogChannel("c");
        var position = LogPosition.Beginning;
        var open = new List<Session>();
        var checks = 0;
        for (var step = 0; step < 150; step++)
        {
            switch (random.Next(8))
            {
                case 0 or 1 when open.Count < 4:
                    var begun = await Session.OpenAsync(log.DataSource);
                    await begun.BeginAsync();
                    open.Add(begun);
                    break;
                case 2 or 3 when open.Count > 0:
                    await open[random.Next(open.Count)].PublishAsync("x", "c");
                    break;
                case 4 when open.Count > 0:
                    var ended = open[random.Next(open.Count)];
                    open.Remove(ended);
                    await ended.CommitAsync();
                    await ended.DisposeAsync();
                    break;
                default:
                    var page = await LogReader.ReadAsync(reader, channel, position, clusterBase: 0, limit: 1 + random.Next(3), long.MaxValue, Token);
                    position = page.After(position);
                    break;
            }

            var (count, lowest) = await LeftAsync(reader, channel, position);
            var lag = await StatusQuery.ReadLagAsync(reader, channel, position, clusterBase: 0, cap: 1000, Token);
            Assert.Equal((count, lowest, false), (lag.Messages, lag.Next, lag.IsAtLeast));
            var first = await StatusQuery.ReadLagAsync(reader, channel, position, clusterBase: 0, cap: 1, Token);
            Assert.Equal((Math.Min(count, 1), lowest, count > 1), (first.Messages, first.Next, first.IsAtLeast));
            checks += count > 0 ? 1 : 0;
        }

        Assert.True(checks > 10);
        foreach (var session in open)
            await session.DisposeAsync();
    }

    private static async Task<(long Count, long? Lowest)> LeftAsync(Npgsql.NpgsqlConnection reader, LogChannel channel, LogPosition position)
    {
        var ids = new List<long>();
        for (var windows = 0; windows < 2;)
        {
            var page = await LogReader.ReadAsync(reader, channel, position, clusterBase: 0, limit: 100, long.MaxValue, Token);
            ids.AddRange(page.Messages.Select(message => message.Id));
            position = page.After(position);
            windows += page.IsLast ? 1 : 0;
        }

        return (ids.Count, ids.Count > 0 ? ids.Min() : null);
    }
}
