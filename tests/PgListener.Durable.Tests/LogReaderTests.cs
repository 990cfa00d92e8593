using PgListener.Durable.Log;

namespace PgListener.Durable.Tests;

/// <summary>Reading the log in windows.</summary>
public class LogReaderTests(ServerFixture server)
{
    [Fact]
    public async Task Pages_follow_each_other_in_order()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("select pglistener.publish('a', i::text) from generate_series(1, 25) i");

        var read = new List<string>();
        var position = LogPosition.Beginning;
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        LogPage page;
        do
        {
            page = await LogReader.ReadAsync(connection, new("a"), position, clusterBase: 0, limit: 10, maxBytes: 1_000, TestContext.Current.CancellationToken);
            read.AddRange(page.Messages.Select(message => message.Payload));
            position = page.After(position);
        }
        while (!page.IsLast);

        Assert.Equal(Enumerable.Range(1, 25).Select(i => $"{i}"), read);
    }
}
