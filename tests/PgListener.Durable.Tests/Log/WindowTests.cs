using Npgsql;

namespace PgListener.Durable.Tests.Log;

/// <summary>Schedules on which simpler ways of reading lose or reorder messages, or stand still. Each way is tried on the schedule, beside the reader.</summary>
[Collection(nameof(QuietServer))]
public class WindowTests(QuietServer server)
{
    // Reads what is above the highest id seen.
    private const string AboveTheLastId = "select id, convert_from(payload, 'UTF8') from pglistener.message where channel = 'a' and id > $1 order by id";

    // Reads what is below the oldest transaction in progress, in the order of transactions: $1 is the last transaction, $2 the last id in it.
    private const string BelowTheOldestTransaction = """
        select id, convert_from(payload, 'UTF8') from pglistener.message
        where channel = 'a' and (tx, id) > ($1::text::xid8, $2) and tx < pg_snapshot_xmin(pg_current_snapshot())
        order by tx, id
        """;

    [Fact]
    public async Task A_transaction_that_was_begun_early_and_is_committed_late_is_read()
    {
        await using var scene = await Scene.BeginAsync(server);
        await scene.First.BeginAsync();
        await scene.First.PublishAsync("early");
        await scene.Second.PublishAsync("late");

        Assert.Equal(["late"], await scene.ReadWrongAsync(AboveTheLastId, 0L));
        Assert.Equal(["late"], await scene.Walk.ReadWindowAsync());

        await scene.First.CommitAsync();
        Assert.Equal([], await scene.ReadWrongAsync(AboveTheLastId, 2L)); // Lost, for ever.
        Assert.Equal(["early"], await scene.Walk.ReadWindowAsync());
    }

    [Fact]
    public async Task A_transaction_elsewhere_in_the_cluster_stops_nothing()
    {
        await using var scene = await Scene.BeginAsync(server);
        await using var elsewhere = NpgsqlDataSource.Create(server.Server.ConnectionString);
        await using var open = await Session.OpenAsync(elsewhere);
        await open.BeginAsync();
        await open.QueryAsync<string>("select pg_current_xact_id()::text");
        await scene.First.PublishAsync("1");

        Assert.Equal([], await scene.ReadWrongAsync(BelowTheOldestTransaction, "0", 0L)); // Stands still.
        Assert.Equal(["1"], await scene.Walk.ReadWindowAsync());

        await open.CommitAsync();
        Assert.Equal(["1"], await scene.ReadWrongAsync(BelowTheOldestTransaction, "0", 0L));
        Assert.Equal([], await scene.Walk.ReadWindowAsync());
    }

    [Fact]
    public async Task What_was_committed_before_something_was_inserted_comes_before_it()
    {
        await using var scene = await Scene.BeginAsync(server);
        await scene.First.BeginAsync();
        await scene.First.QueryAsync<string>("select pg_current_xact_id()::text"); // An older transaction, such as one that has locked a row.
        await scene.Second.PublishAsync("A");
        await scene.First.PublishAsync("B"); // Its writer can know of A.
        await scene.First.CommitAsync();

        Assert.Equal(["B", "A"], await scene.ReadWrongAsync(BelowTheOldestTransaction, "0", 0L)); // The effect before its cause.
        Assert.Equal(["A", "B"], await scene.Walk.ReadWindowAsync());
    }

    [Fact]
    public async Task A_transaction_above_the_end_of_a_snapshot_may_have_published_already()
    {
        await using var scene = await Scene.BeginAsync(server);
        await scene.First.BeginAsync();
        await scene.First.QueryAsync<string>("select pg_current_xact_id()::text");
        await scene.Second.BeginAsync();
        var low = await scene.Second.PublishAsync("low"); // A higher transaction with a lower id.
        var high = await scene.First.PublishAsync("high");
        await scene.First.CommitAsync();
        Assert.True(low < high);

        // The end of a snapshot is the number after the highest that has ended, so the second transaction is above it, although it has begun.
        Assert.Equal(["high"], await scene.Walk.ReadWindowAsync());
        await scene.Second.CommitAsync();
        Assert.Equal(["low"], await scene.Walk.ReadWindowAsync());
    }

    /// <summary>Two writers, and a reader of each kind.</summary>
    private sealed class Scene(LogDatabase database, Session first, Session second, Session reader) : IAsyncDisposable
    {
        public Session First => first;

        public Session Second => second;

        public Walk Walk { get; } = new(reader.Connection, new("a"));

        public static async Task<Scene> BeginAsync(QuietServer server)
        {
            var database = await server.CreateLogAsync();
            return new(database, await Session.OpenAsync(database.DataSource), await Session.OpenAsync(database.DataSource), await Session.OpenAsync(database.DataSource));
        }

        /// <summary>Reads in a way that is wrong, from where it is.</summary>
        public async Task<List<string>> ReadWrongAsync(string sql, params object[] position)
        {
            await using var command = database.DataSource.CreateCommand(sql);
            foreach (var value in position)
                command.Parameters.Add(new() { Value = value });
            await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            var read = new List<string>();
            while (await rows.ReadAsync(TestContext.Current.CancellationToken))
                read.Add(rows.GetString(1));
            return read;
        }

        public async ValueTask DisposeAsync()
        {
            await first.DisposeAsync();
            await second.DisposeAsync();
            await reader.DisposeAsync();
            await database.DisposeAsync();
        }
    }
}
