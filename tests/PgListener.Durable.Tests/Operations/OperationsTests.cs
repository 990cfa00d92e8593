using Npgsql;

namespace PgListener.Durable.Tests.Operations;

/// <summary>What a person does with subscriptions that run, also in two instances.</summary>
public class OperationsTests(ServerFixture server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_requeued_dead_letter_is_handled_before_what_waits_behind_it()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = Behaviour.Fails(1);
        await using var one = await Application.StartAsync(database, behaviour, options => options.MaxAttempts = 2);
        await using var two = await Application.StartAsync(database, behaviour, options => options.MaxAttempts = 2);
        await one.PublishAsync(new(1, "ann"), new(2, "ann"), new(3, "bob"), new(4, "ann"));
        await Application.UntilAsync(async () => (await one.ParkedAsync()).Select(message => message.State).SequenceEqual([ParkedState.Dead, ParkedState.Behind, ParkedState.Behind]), "The followers do not wait.");

        var dead = Assert.Single(await one.Channels.GetDeadLettersAsync(cancellationToken: Token));
        Assert.Equal(("ann", 2, "System.IO.InvalidDataException"), (dead.Key, dead.Attempts, dead.ErrorType));
        Assert.Contains("\"Id\":1", dead.Payload, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Order 1 is wrong.", dead.Error, StringComparison.Ordinal);
        Assert.NotNull(dead.DeadAt);
        Assert.Equal(1, (await one.StatusAsync())!.DeadLetters);
        Assert.Equal(2, (await one.StatusAsync())!.Retries);

        behaviour.Failing.Clear();
        Assert.Equal(1, await two.Channels.RequeueAllAsync(Application.Orders, "System.IO.InvalidDataException", Token));

        await one.UntilHandledAsync(3, 1, 2, 4);
        Assert.Equal([3, 1, 2, 4], one.Handled);
        await Application.UntilAsync(async () => (await one.ParkedAsync()).Count == 0, "Copies are left.");
        Assert.Contains(two.Log.GetSnapshot(), line => line.Id == 682);
    }

    [Fact]
    public async Task Dead_letters_are_counted_by_the_type_of_their_error()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, Behaviour.Fails(1, 2, 3), options => (options.MaxAttempts, options.OnFailure) = (1, FailureMode.Park));
        await one.PublishAsync(new(1), new(2), new(3));
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Dead)).Count == 3, "They are not dead.");
        await using var log = LogDatabase.Of(database);
        await log.ExecuteAsync("update pglistener.retry set error_type = 'System.TimeoutException' where message = (select min(message) from pglistener.retry)");

        var counts = await one.Channels.CountParkedMessagesAsync(new(), Token);

        Assert.Equal(
            [(Application.Orders, "System.IO.InvalidDataException", 2), (Application.Orders, "System.TimeoutException", 1)],
            counts.Select(count => (count.Subscription, count.ErrorType!, count.Count)));
        Assert.All(counts, count => Assert.NotNull(count.OldestFailure));
        Assert.Empty(await one.Channels.CountParkedMessagesAsync(new() { State = ParkedState.Retrying }, Token));
    }

    [Fact]
    public async Task What_waits_behind_a_deleted_dead_letter_goes_on()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, Behaviour.Fails(1), options => options.MaxAttempts = 1);
        await one.PublishAsync(new(1, "ann"), new(2, "ann"), new(3, "ann"));
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Behind)).Count == 2, "The followers do not wait.");
        var dead = Assert.Single(await one.Channels.GetDeadLettersAsync(Application.Orders, cancellationToken: Token));

        Assert.Equal(1, await one.Channels.DeleteAsync(Application.Orders, [dead.Id], Token));

        await one.UntilHandledAsync(2, 3);
        Assert.Equal([2, 3], one.Handled);
        await one.PublishAsync(new OrderPlaced(4, "ann"));
        await one.UntilHandledAsync(2, 3, 4);
    }

    [Fact]
    public async Task A_key_is_deleted_with_all_that_waits()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, Behaviour.Fails(1), options => options.MaxAttempts = 1);
        await one.PublishAsync(new(1, "ann"), new(2, "ann"));
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Behind)).Count == 1, "The follower does not wait.");

        Assert.Equal(2, await one.Channels.DeleteAsync(new ParkedMessageFilter { Subscription = Application.Orders, State = null, Key = "ann" }, Token));

        await one.PublishAsync(new OrderPlaced(3, "ann"));
        await one.UntilHandledAsync(3);
        Assert.Equal([3], one.Handled);
    }

    [Fact]
    public async Task A_requeued_message_is_attempted_soon_when_nothing_else_happens()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = Behaviour.Fails(1, 2);
        await using var one = await Application.StartAsync(database, behaviour, options => (options.OnFailure, options.MaxAttempts) = (FailureMode.Park, 1));
        await one.PublishAsync(new(1), new(2));
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Dead)).Count == 2, "They are not dead.");
        await one.PublishAsync(new OrderPlaced(3));
        await one.UntilHandledAsync(3);

        behaviour.Failing.Clear();
        var first = Assert.Single(await one.Channels.GetDeadLettersAsync(limit: 1, cancellationToken: Token));
        var second = Assert.Single(await one.Channels.GetDeadLettersAsync(after: first, cancellationToken: Token));
        Assert.Equal(1, await one.Channels.RequeueAsync(Application.Orders, [second.Id], Token));
        await one.UntilHandledAsync(3, 2);
        Assert.Equal([3, 2], one.Handled);
        Assert.Equal(first.Id, Assert.Single(await one.ParkedAsync()).Id);
    }

    [Fact]
    public async Task Skipping_a_blocked_message_lets_the_others_go_on()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = Behaviour.Fails(1);
        await using var one = await Application.StartAsync(database, behaviour, options => (options.OnFailure, options.MaxRetryDelay) = (FailureMode.Block, TimeSpan.FromMilliseconds(50)));
        await using var two = await Application.StartAsync(database, behaviour, options => (options.OnFailure, options.MaxRetryDelay) = (FailureMode.Block, TimeSpan.FromMilliseconds(50)));
        await one.PublishAsync(new(1), new(2), new(3));
        await Application.UntilAsync(async () => (await one.StatusAsync())?.Shards[0].BlockedSince is not null || (await two.StatusAsync())?.Shards[0].BlockedSince is not null, "It does not block.");
        Assert.Equal(3, (await one.StatusAsync())!.LagMessages);

        var blocked = (await one.StatusAsync())!.Shards[0].BlockedMessage ?? (await two.StatusAsync())!.Shards[0].BlockedMessage!.Value;
        Assert.Null(await one.Channels.SkipHeadAsync(Application.Orders, messageId: blocked + 1, cancellationToken: Token));
        Assert.Equal(3, (await one.StatusAsync())!.LagMessages);

        var skipped = await one.Channels.SkipHeadAsync(Application.Orders, messageId: blocked, cancellationToken: Token);

        Assert.Equal(blocked, skipped);
        await one.UntilHandledAsync(2, 3);
        Assert.Equal([2, 3], one.Handled);
        Assert.Contains(one.Log.GetSnapshot(), line => line.Id == 684 && line.Message.Contains($"Message {skipped} ", StringComparison.Ordinal));
        await one.UntilAsync(status => status is { LagMessages: 0, PausedSince: null } && status.Shards[0].BlockedSince is null);
        Assert.Null(await one.Channels.SkipHeadAsync(Application.Orders, cancellationToken: Token));
    }

    [Fact]
    public async Task A_replay_delivers_again_from_a_message_and_from_a_time()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = new Behaviour();
        await using var one = await Application.StartAsync(database, behaviour, options => options.Shards = 2);
        await using var two = await Application.StartAsync(database, behaviour, options => options.Shards = 2);
        await one.PublishAsync(new(1), new(2));
        await one.UntilHandledAsync(1, 2);
        await using var log = LogDatabase.Of(database);
        var between = await log.QueryAsync<DateTime>("select clock_timestamp()");
        await one.PublishAsync(new(3), new(4));
        await one.UntilHandledAsync(1, 2, 3, 4);

        await two.Channels.ReplayAsync(Application.Orders, new DateTimeOffset(between), Token);
        await one.UntilHandledAsync(1, 2, 3, 4, 3, 4);
        Assert.Equal([1, 2, 3, 3, 4, 4], one.Handled.Order());

        await two.Channels.ReplayAsync(Application.Orders, await log.QueryAsync<long>("select id from pglistener.message order by id offset 1 limit 1"), Token);
        await one.UntilHandledAsync(1, 2, 3, 4, 3, 4, 2, 3, 4);
        Assert.Equal([1, 2, 2, 3, 3, 3, 4, 4, 4], one.Handled.Order());
        await one.UntilAsync(status => status is { LagMessages: 0, PausedSince: null });
        Assert.Contains(two.Log.GetSnapshot(), line => line.Id == 685);
    }

    [Fact]
    public async Task A_replay_loses_no_message_that_is_committed_late()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database);
        await one.UntilAsync(status => status.Shards[0].Holder is not null); // Its first start must not wait for the transaction.
        await using var log = LogDatabase.Of(database);
        await using var connection = await log.DataSource.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await one.Publisher.PublishAsync(new OrderPlaced(1), transaction, Token);
        await one.PublishAsync(new(2), new(3));
        await one.UntilHandledAsync(2, 3);

        // From the last message: the one of the open transaction has a lower id, and was not handled.
        var replay = one.Channels.ReplayAsync(Application.Orders, await log.QueryAsync<long>("select max(id) from pglistener.message"), Token);

        // It asks again and again who writes, and only once the handler has stopped: until then the handler might still get the message in the ordinary way.
        var asked = new HashSet<DateTime>();
        await Application.UntilAsync(
            async () =>
            {
                if (await log.QueryAsync<object>("select max(query_start) from pg_stat_activity where datname = current_database() and query like 'SELECT virtualtransaction%'") is DateTime at)
                    asked.Add(at);
                return asked.Count > 3;
            },
            "The replay does not wait for the transaction.");
        Assert.NotNull((await one.StatusAsync())!.PausedSince);
        await transaction.CommitAsync(Token);
        await replay;

        await one.UntilHandledAsync(2, 3, 1, 2, 3);
        Assert.Equal([2, 3, 1, 2, 3], one.Handled);
    }

    [Fact]
    public async Task A_replay_from_the_future_skips_nothing()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database);
        await one.PublishAsync(new OrderPlaced(1));
        await one.UntilHandledAsync(1);
        await one.Channels.PauseAsync(Application.Orders, Token);
        await one.UntilAsync(status => status.Shards[0].Holder is null);
        await one.PublishAsync(new(2), new(3));

        await one.Channels.ReplayAsync(Application.Orders, long.MaxValue, Token);
        Assert.NotNull((await one.StatusAsync())!.PausedSince); // As it was before.
        await one.Channels.ResumeAsync(Application.Orders, Token);

        await one.UntilHandledAsync(1, 2, 3);
        Assert.Equal([1, 2, 3], one.Handled);
    }

    [Fact]
    public async Task A_pause_lets_the_running_call_end_and_begins_no_other()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = new Behaviour { Waiting = 1 };
        await using var one = await Application.StartAsync(database, behaviour);
        await using var two = await Application.StartAsync(database, behaviour);
        await one.PublishAsync(new(1), new(2));
        await behaviour.Entered;

        await two.Channels.PauseAsync(Application.Orders, Token);
        var paused = await one.StatusAsync();
        Assert.NotNull(paused!.PausedSince);
        Assert.NotNull(paused.Shards[0].Holder);
        Assert.Equal(2, paused.LagMessages);
        await Application.UntilAsync(() => Task.FromResult(one.Log.GetSnapshot().Any(static line => line.Id == 606)), "The instance that runs the call does not know of the pause.");
        behaviour.Release();
        await one.UntilAsync(status => status.Shards[0].Holder is null && status.LagMessages == 1);
        Assert.Equal([1], one.Handled);

        await two.Channels.ResumeAsync(Application.Orders, Token);
        await one.UntilHandledAsync(1, 2);
        Assert.Contains(two.Log.GetSnapshot(), line => line.Id == 680);
    }

    [Fact]
    public async Task A_pause_during_a_replay_outlasts_it()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = new Behaviour { Waiting = 2 };
        await using var one = await Application.StartAsync(database, behaviour);
        await one.PublishAsync(new(1), new(2));
        await behaviour.Entered;
        var replay = one.Channels.ReplayAsync(Application.Orders, 1, Token);
        await one.UntilAsync(status => status.PausedSince is not null);

        await one.Channels.PauseAsync(Application.Orders, Token);
        behaviour.Release();
        await replay;

        Assert.NotNull((await one.StatusAsync())!.PausedSince);
    }

    [Fact]
    public async Task A_replay_leaves_an_earlier_pause_in_force()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, new());
        await one.PublishAsync(new OrderPlaced(1));
        await one.UntilHandledAsync(1);
        await one.Channels.PauseAsync(Application.Orders, Token);

        await one.Channels.ReplayAsync(Application.Orders, 1, Token);

        Assert.NotNull((await one.StatusAsync())!.PausedSince);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_somebody_has_requeued_meanwhile_is_not_dead_any_more(bool isDeleted)
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, Behaviour.Fails(1), options => options.MaxAttempts = 1);
        await one.PublishAsync(new OrderPlaced(1));
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Dead)).Count == 1, "It is not dead.");
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using var requeue = new NpgsqlCommand("update pglistener.retry set dead_at = null, attempts = 0, next_at = now() + interval '1 hour'", connection);
        await requeue.ExecuteNonQueryAsync(Token);

        var act = isDeleted ? one.Channels.DeleteAsync(new() { Subscription = Application.Orders }, Token) : one.Channels.RequeueAsync(new() { Subscription = Application.Orders }, Token);
        await using var waiting = new NpgsqlCommand("select exists (select from pg_locks where not granted and locktype = 'transactionid')", connection);
        await Application.UntilAsync(async () => await waiting.ExecuteScalarAsync(Token) is true, "It does not wait for the other.");
        await transaction.CommitAsync(Token);

        Assert.Equal(0, await act);
        Assert.Single(await one.ParkedAsync(ParkedState.Retrying));
    }

    [Fact]
    public async Task A_replay_that_is_cancelled_while_a_call_runs_leaves_everything_as_it_was()
    {
        var database = await server.CreateDatabaseAsync();
        var behaviour = new Behaviour { Waiting = 2 };
        await using var one = await Application.StartAsync(database, behaviour);
        await one.PublishAsync(new(1), new(2));
        await behaviour.Entered;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var replay = one.Channels.ReplayAsync(Application.Orders, 1, cancel.Token);
        await one.UntilAsync(status => status.PausedSince is not null);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => replay);

        Assert.Null((await one.StatusAsync())!.PausedSince);
        behaviour.Release();
        await one.PublishAsync(new OrderPlaced(3));
        await one.UntilHandledAsync(1, 2, 3);
        Assert.Equal([1, 2, 3], one.Handled);
    }

    [Fact]
    public async Task Only_a_subscription_that_nobody_runs_can_be_removed()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, Behaviour.Fails(1), options => options.MaxAttempts = 1);
        await one.PublishAsync(new OrderPlaced(1));
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Dead)).Count == 1, "It is not dead.");
        Assert.Equal(1, (await one.StatusAsync())!.Members);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => one.Channels.RemoveAsync(Application.Orders, Token));
        Assert.Contains("'Orders' on 'order_placed'", error.Message, StringComparison.Ordinal);
        await one.StopAsync();
        await one.Channels.RemoveAsync(Application.Orders, Token);

        Assert.Null(await one.StatusAsync());
        await using var log = LogDatabase.Of(database);
        Assert.Equal(0, await log.QueryAsync<long>("select (select count(*) from pglistener.position) + (select count(*) from pglistener.retry)"));
        var unknown = await Assert.ThrowsAsync<ArgumentException>(() => one.Channels.PauseAsync(Application.Orders, Token));
        Assert.Contains("The subscriptions are: none.", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_names_the_holders_and_counts_what_waits()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(new NpgsqlConnectionStringBuilder(database) { ApplicationName = "shop" }.ConnectionString, configure: options => options.Shards = 2);
        await using var two = await Application.StartAsync(new NpgsqlConnectionStringBuilder(database) { ApplicationName = "shop" }.ConnectionString, configure: options => options.Shards = 2);
        await one.UntilAsync(status => status.Members == 2 && status.Shards.Select(shard => shard.Holder?.ServerProcess).Distinct().Count() == 2 && status.Shards.All(shard => shard.Holder?.Name.Length > 0));
        var status = await one.StatusAsync();
        Assert.All(status!.Shards, shard => Assert.StartsWith("shop", shard.Holder!.Application, StringComparison.Ordinal));
        Assert.All(status.Shards, shard => Assert.Equal($"{Environment.MachineName}/{Environment.ProcessId}", shard.Holder!.Name));
        Assert.True((await one.Channels.GetStatusAsync(Token)).LogBytes > 0);

        await one.Channels.PauseAsync(Application.Orders, Token);
        await one.UntilAsync(status => status.Shards.All(shard => shard.Holder is null));
        await using var log = LogDatabase.Of(database);
        await log.ExecuteAsync("select pglistener.publish('order_placed', '{\"id\":' || i || '}', key => i::text) from generate_series(1, 10100) i");
        await log.ExecuteAsync("select pglistener.publish('other', '{}')");
        await log.ExecuteAsync("update pglistener.message set at = at - interval '1 hour' where id = (select min(id) from pglistener.message)");
        status = await one.StatusAsync();
        Assert.Equal((10_100, false), (status!.LagMessages, status.IsLagAtLeast));
        Assert.InRange(status.Lag!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(65));
        await log.ExecuteAsync("select pglistener.publish('order_placed', '{\"id\":1}', key => 'x') from generate_series(1, 10000)");
        Assert.True((await one.StatusAsync())!.IsLagAtLeast);
    }

    [Fact]
    public async Task A_prefix_is_that_of_the_listener()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await Application.StartAsync(database, Behaviour.Fails(1), options => options.MaxAttempts = 1);
        await one.PublishAsync(new OrderPlaced(1));
        await Application.UntilAsync(async () => (await one.ParkedAsync(ParkedState.Dead)).Count == 1, "It is not dead.");
        await using var log = LogDatabase.Of(database);
        await log.ExecuteAsync("update pglistener.subscription set channel = 'a_' || channel");
        var durable = new PgListener.Durable.Operations.DurableChannels(
            log.DataSource, "a_", new PgListener.Durable.Membership.PlainClusterDiscovery(), new(new(TimeProvider.System), [], ""), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

        Assert.Equal(Application.Orders, Assert.Single(await durable.GetSubscriptionsAsync(Token)).Name);
        Assert.Equal(Application.Orders, Assert.Single(await durable.GetDeadLettersAsync(Application.Orders, cancellationToken: Token)).Subscription);
        Assert.Equal(1, await durable.DeleteAsync(new() { Subscription = Application.Orders }, Token));
    }
}
