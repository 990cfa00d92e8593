using System.Collections.Concurrent;

namespace PgListener.Durable.Tests;

/// <summary>Walking a shard: handling, acknowledging, failing.</summary>
public class ShardWalkTests(ServerFixture server)
{
    [Fact]
    public async Task Everything_is_handled_in_order_and_only_once()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("select pglistener.publish('a', i::text) from generate_series(1, 5000) i");
        var walker = await Walker.CreateAsync(database);

        var first = await walker.StartAsync();
        await walker.WhenHandledAsync(5000);
        await first.StopAsync(TestContext.Current.CancellationToken);
        await database.ExecuteAsync("select pglistener.publish('a', i::text) from generate_series(5001, 5010) i");
        var second = await walker.StartAsync();
        await walker.WhenHandledAsync(5010);
        await second.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(1, 5010).Select(i => $"{i}"), walker.Handled);
    }

    [Fact]
    public async Task A_message_that_fails_is_followed_by_those_of_its_key()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var failures = 3;
        var walker = await Walker.CreateAsync(
            database, (_, payload, _) => payload == "k1" && Interlocked.Decrement(ref failures) >= 0 ? throw new InvalidOperationException("not yet") : Task.CompletedTask);
        await database.ExecuteAsync("select pglistener.publish('a', p, left(p, 1)) from unnest('{k1,k2,x1,k3,x2}'::text[]) p");

        var walk = await walker.StartAsync();
        await walker.WhenHandledAsync(5);
        await database.ExecuteAsync("select pglistener.publish('a', 'k4', 'k')");
        walk.Wake(hasRetries: false);
        await walker.WhenHandledAsync(6);
        await walk.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["k1", "k2", "k3", "k4"], walker.Handled.Where(payload => payload[0] == 'k'));
        Assert.Equal(["x1", "x2"], walker.Handled.Take(2));
        Assert.Equal(0L, await database.QueryAsync<long>("select count(*) from pglistener.retry"));
    }

    [Fact]
    public async Task Concurrent_lanes_keep_the_order_of_each_key()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("select pglistener.publish('a', (i % 20) || ':' || i, (i % 20)::text) from generate_series(1, 2000) i");
        var walker = await Walker.CreateAsync(database, async (_, _, _) => await Task.Yield(), maxConcurrency: 8);

        var walk = await walker.StartAsync();
        await walker.WhenHandledAsync(2000);
        await walk.StopAsync(TestContext.Current.CancellationToken);

        foreach (var key in walker.Handled.Select(payload => payload.Split(':')).GroupBy(parts => parts[0], parts => int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)))
            Assert.Equal(key.Order(), key);
    }

    [Fact]
    public async Task What_is_enlisted_is_done_once_although_the_walk_is_not_told()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("create table effect (id bigint); select pglistener.publish('a', i::text) from generate_series(1, 50) i");
        var attempts = new ConcurrentDictionary<long, int>();
        var walker = await Walker.CreateAsync(database, async (message, payload, token) =>
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(token);
            await using var transaction = await connection.BeginTransactionAsync(token);
            await using var insert = new Npgsql.NpgsqlCommand("insert into effect values ($1)", connection) { Parameters = { new() { Value = message.Id } } };
            await insert.ExecuteNonQueryAsync(token);
            await message.EnlistAsync(transaction, token);
            var attempt = attempts.AddOrUpdate(message.Id, 1, (_, before) => before + 1);
            if (message.Id % 5 == 0 && attempt == 1)
                throw new InvalidOperationException("before the commit");
            await transaction.CommitAsync(token);
            if (message.Id % 7 == 0)
                throw new InvalidOperationException("after the commit");
        }, maxConcurrency: 4);

        var walk = await walker.StartAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await database.QueryAsync<long>("select count(*) from effect") < 50)
            Assert.False(limit.IsCancellationRequested);
        await walk.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(50L, await database.QueryAsync<long>("select count(distinct id) from effect"));
        Assert.Equal(50L, await database.QueryAsync<long>("select count(*) from effect"));
        Assert.Equal(0L, await database.QueryAsync<long>("select count(*) from pglistener.retry"));
    }

    [Fact]
    public async Task A_second_holder_takes_over_and_the_first_ends()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        var walker = await Walker.CreateAsync(database);
        var first = await walker.StartAsync("one");
        await database.ExecuteAsync("select pglistener.publish('a', i::text) from generate_series(1, 10) i");
        first.Wake(hasRetries: false);
        await walker.WhenHandledAsync(10);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await database.QueryAsync<long>("select max(floor) from pglistener.position") < 10)
            Assert.False(limit.IsCancellationRequested);

        var second = await walker.StartAsync("two");
        while (second.WaitingAt is null)
            Assert.False(limit.IsCancellationRequested);
        await database.ExecuteAsync("select pglistener.publish('a', i::text) from generate_series(11, 12) i");
        first.Wake(hasRetries: false); // It still believes that it holds the shard. What it handles now is not acknowledged.
        await first.Completion.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        second.Wake(hasRetries: false);
        await walker.WhenHandledAsync(14);
        await second.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["11", "12", "11", "12"], walker.Handled.Skip(10));
    }

    [Fact]
    public async Task One_cause_that_blocks_several_lanes_is_shown_once_and_then_counted()
    {
        await using var database = await LogDatabase.CreateAsync(server);
        await database.ExecuteAsync("select pglistener.publish('a', i::text, i::text) from generate_series(1, 40) i");
        var blocked = new ConcurrentDictionary<string, bool>();
        var isSeveral = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var walker = await Walker.CreateAsync(database, Handle, options => (options.OnFailure, options.MaxRetryDelay) = (FailureMode.Block, TimeSpan.FromMilliseconds(20)), maxConcurrency: 8);

        var walk = await walker.StartAsync();
        await isSeveral.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await walker.WhenHandledAsync(40);
        await walk.StopAsync(TestContext.Current.CancellationToken);

        Assert.NotNull(Assert.Single(walker.Log.Collector.GetSnapshot(), line => line.Id.Id == 623).Exception);
        var more = Assert.Single(walker.Log.Collector.GetSnapshot(), line => line.Id.Id == 628);
        Assert.StartsWith($"{blocked.Count - 1} more message(s) have blocked shard 0 of h on the durable channel 'a'", more.Message, StringComparison.Ordinal);
        Assert.Contains("System.TimeoutException", more.Message, StringComparison.Ordinal);

        Task Handle(DurableMessage message, string payload, CancellationToken cancellationToken)
        {
            if (isSeveral.Task.IsCompleted)
                return Task.CompletedTask;

            blocked[payload] = true;
            if (blocked.Count >= 3)
                isSeveral.TrySetResult();
            throw new TimeoutException("The warehouse does not answer.");
        }
    }
}
