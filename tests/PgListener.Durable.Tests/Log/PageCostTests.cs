using Npgsql;
using PgListener.Durable.Log;

namespace PgListener.Durable.Tests.Log;

/// <summary>A page costs a page, whatever the backlog: counted in entries of indexes and rows that the server reads.</summary>
[Collection(nameof(QuietServer))]
public class PageCostTests(QuietServer server, ITestOutputHelper output)
{
    private const int Page = 1_000;
    private const int Backlog = 1_000_000;
    private const int InProgress = 200;
    private const int LargeTransaction = 200_000;

    // A page of each stream, a row of each transaction that was in progress, and a look behind the end of each.
    private const long Limit = 2 * Page + 2 * InProgress + 100;

    private const string Count = """
        select (select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables where schemaname = 'pglistener')::bigint
             , (select sum(pg_stat_get_xact_tuples_returned(indexrelid)) from pg_stat_user_indexes where schemaname = 'pglistener')::bigint
        """;

    [Fact]
    public async Task A_page_costs_a_page()
    {
        await using var database = await server.CreateLogAsync();
        await using var large = await Session.OpenAsync(database.DataSource);
        await large.BeginAsync();
        await PublishAsync(large, LargeTransaction);
        var open = await BeginManyAsync(database);
        await database.ExecuteAsync("select pglistener.publish('a', 'first')");
        await using var reading = await Session.OpenAsync(database.DataSource);
        var walk = new Walk(reading.Connection, new("a"));
        Assert.Equal(["first"], await walk.ReadWindowAsync());
        var old = walk.Position;
        for (var i = 0; i < 10; i++)
            await PublishAsync(reading, Backlog / 10);

        await CheckAsync(database, "old snapshot, transactions in progress", old, Page);
        foreach (var session in open)
        {
            await session.CommitAsync();
            await session.DisposeAsync();
        }

        await CheckAsync(database, "old snapshot, 200 transactions have ended", old, Page);
        await large.CommitAsync();
        await CheckAsync(database, "old snapshot, a large transaction has ended", old, Page);
        await database.ExecuteAsync("analyze");
        await CheckAsync(database, "the same, analyzed", old, Page);
        await CheckAsync(database, "from the beginning", LogPosition.Beginning, Page);
        var upto = (await LogReader.ReadAsync(reading.Connection, new("a"), old, 0, 1, 1, TestContext.Current.CancellationToken)).Upto;
        await CheckAsync(database, "in the middle of the large transaction", old.Within(upto, LargeTransaction / 2, []), Page);
        await CheckAsync(database, "in the middle of the backlog", old.Within(upto, LargeTransaction + Backlog / 2, []), Page);
        await CheckAsync(database, "at the end", new LogPosition { Seen = upto, Floor = LargeTransaction + InProgress + 1 + Backlog }, 0);
    }

    private static async Task<List<Session>> BeginManyAsync(LogDatabase database)
    {
        var open = new List<Session>();
        for (var i = 0; i < InProgress; i++)
        {
            var session = await Session.OpenAsync(database.DataSource);
            await session.BeginAsync();
            await session.PublishAsync("slow");
            open.Add(session);
        }

        return open;
    }

    private static Task PublishAsync(Session session, int count)
        => session.ExecuteAsync($"insert into pglistener.message (channel, key, bucket, payload) select 'a', i::text, i % 256, 'x' from generate_series(1, {count}) i");

    private async Task CheckAsync(LogDatabase database, string what, LogPosition position, int expected)
    {
        foreach (var mode in new[] { "force_custom_plan", "force_generic_plan" })
        {
            await using var session = await Session.OpenAsync(database.DataSource);
            await session.ExecuteAsync($"set plan_cache_mode = {mode}; begin");
            var before = await CountAsync(session);
            var page = await LogReader.ReadAsync(session.Connection, new("a"), position, 0, Page, long.MaxValue, TestContext.Current.CancellationToken);
            Assert.Equal(expected, page.Messages.Count);
            var after = await CountAsync(session);
            var (rows, entries) = (after.Rows - before.Rows, after.Entries - before.Entries);
            output.WriteLine($"{what}, {mode}: {rows} rows, {entries} entries of indexes.");
            Assert.True(rows <= Limit && entries <= Limit, $"{what}, {mode}: {rows} rows and {entries} entries of indexes for a page of {Page}.");
        }
    }

    private static async Task<(long Rows, long Entries)> CountAsync(Session session)
    {
        await using var command = new NpgsqlCommand(Count, session.Connection);
        await using var counts = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await counts.ReadAsync(TestContext.Current.CancellationToken);
        return (counts.GetInt64(0), counts.GetInt64(1));
    }
}
