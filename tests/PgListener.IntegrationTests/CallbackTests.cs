using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>What callbacks may do, and what they cannot do to others.</summary>
public class CallbackTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_callback_may_add_and_clear_callbacks()
    {
        var (first, second) = ("1_" + NewChannel(), "2_" + NewChannel());
        var received = new Received<string>();
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(
            first,
            async (context, token) =>
            {
                await listener.AddCallbackAsync(second, received.Payloads(), token);
                await listener.ClearChannelCallbacksAsync(first, token);
                received.Add("changed");
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        await server.NotifyAsync(first, "go");
        Assert.Equal("changed", await received.NextAsync());
        Assert.Equal([second], await listener.GetListeningChannelsAsync(Cancellation));
        await server.NotifyAsync(second, "to the second");
        Assert.Equal("to the second", await received.NextAsync());
    }

    [Fact]
    public async Task Once_cleared_from_inside_it_is_not_called_for_what_was_queued()
    {
        var (channel, last) = ("1_" + NewChannel(), "2_" + NewChannel());
        var (received, witness) = (new Received<string>(), new Received<string>());
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(
            channel,
            async (context, token) =>
            {
                await listener.ClearChannelCallbacksAsync(channel, token);
                received.Add(context.Payload);
            },
            Cancellation);
        await listener.AddCallbackAsync(last, witness.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        await using (var command = server.Sender.CreateCommand("select pg_notify($1, i::text) from generate_series(1, 10) i"))
        {
            command.Parameters.Add(new() { Value = channel });
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        Assert.Equal("1", await received.NextAsync());
        await server.NotifyAsync(last, "later");
        Assert.Equal("later", await witness.NextAsync());
        await listener.StopAsync(Cancellation);
        Assert.Equal(0, received.Waiting);
    }

    [Fact]
    public async Task One_that_throws_is_logged_once_and_harms_nobody()
    {
        var channel = NewChannel();
        var log = new FakeLogCollector();
        using var loggers = new LoggerFactory([new FakeLoggerProvider(log)]);
        var (own, other) = (new Received<string>(), new Received<string>());
        await using var listener = server.Sender.CreateListener(new() { LoggerFactory = loggers });
        await listener.AddCallbackAsync(
            channel,
            (context, _) =>
            {
                own.Add(context.Payload);
                return context.Payload == "1" ? throw new InvalidOperationException("synchronously") : Task.FromException(new InvalidOperationException("in its task"));
            },
            Cancellation);
        await listener.AddCallbackAsync(channel, other.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        await server.NotifyAsync(channel, "1", "2");
        Assert.Equal(["1", "2"], await own.NextAsync(2, seconds: 20));
        Assert.Equal(["1", "2"], await other.NextAsync(2, seconds: 20));
        await listener.StopAsync(Cancellation);
        Assert.Equal("synchronously", Assert.Single(log.GetSnapshot(), record => record.Id.Id == 200).Exception!.Message);

        // The second is of the same kind, and so is counted.
        Assert.Contains("1 more notification", Assert.Single(log.GetSnapshot(), record => record.Id.Id == 204).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_hangs_or_blocks_its_thread_does_not_hold_up_the_others()
    {
        var channel = NewChannel();
        var release = new TaskCompletionSource();
        using var unblock = new ManualResetEventSlim();
        var received = new Received<string>();
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(channel, (_, _) => release.Task, Cancellation);
        await listener.AddCallbackAsync(
            channel,
            (_, _) =>
            {
                unblock.Wait(CancellationToken.None);
                return Task.CompletedTask;
            },
            Cancellation);
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "1", "2", "3");
        Assert.Equal(["1", "2", "3"], await received.NextAsync(3, seconds: 20));
        release.SetResult();
        unblock.Set();
    }

    [Fact]
    public async Task SQL_in_a_callback_runs_on_a_connection_of_its_own_while_delivery_goes_on()
    {
        var channel = NewChannel();
        var table = $"t_{Guid.NewGuid():n}";
        var (committed, witness) = (new Received<string>(), new Received<string>());
        var proceed = new TaskCompletionSource();
        await using (var create = server.Sender.CreateCommand($"create table {table} (payload text)"))
            await create.ExecuteNonQueryAsync(Cancellation);

        await using var listener = new Listener(server.ConnectionString);
        await listener.AddCallbackAsync(
            channel,
            async (context, token) =>
            {
                await using var connection = await context.OpenConnectionAsync(token);
                await using var transaction = await connection.BeginTransactionAsync(token);
                await using var insert = new NpgsqlCommand($"insert into {table} values ($1)", connection, transaction) { Parameters = { new() { Value = context.Payload } } };
                await insert.ExecuteNonQueryAsync(token);
                await proceed.Task;
                await transaction.CommitAsync(token);
                committed.Add(context.Payload);
            },
            Cancellation);
        await listener.AddCallbackAsync(channel, witness.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        // While its transaction is open, notifications still arrive: the transaction is not on the connection that listens.
        await server.NotifyAsync(channel, "1");
        Assert.Equal("1", await witness.NextAsync());
        await server.NotifyAsync(channel, "2");
        Assert.Equal("2", await witness.NextAsync());
        proceed.SetResult();
        Assert.Equal(["1", "2"], await committed.NextAsync(2, seconds: 20));

        await using var read = server.Sender.CreateCommand($"select string_agg(payload, ',' order by payload) from {table}");
        Assert.Equal("1,2", await read.ExecuteScalarAsync(Cancellation));
        await using var drop = server.Sender.CreateCommand($"drop table {table}");
        await drop.ExecuteNonQueryAsync(Cancellation);
    }

    [Fact]
    public async Task Notifications_come_one_after_the_other_in_the_order_of_their_commits()
    {
        const int Count = 20_000;
        var channel = NewChannel();
        var received = new Received<string>();
        var running = 0;
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(
            channel,
            async (context, _) =>
            {
                Assert.Equal(1, Interlocked.Increment(ref running));
                if (context.Payload[^1] == '7')
                    await Task.Yield();
                Interlocked.Decrement(ref running);
                received.Add(context.Payload);
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using var command = server.Sender.CreateCommand($"select pg_notify($1, i::text) from generate_series(1, {Count}) i");
        command.Parameters.Add(new() { Value = channel });
        await command.ExecuteNonQueryAsync(Cancellation);
        Assert.Equal(Enumerable.Range(1, Count).Select(i => $"{i}"), await received.NextAsync(Count, seconds: 60));
    }

    [Fact]
    public async Task With_more_concurrency_several_are_in_work_at_a_time_and_no_more()
    {
        var channel = NewChannel();
        var entered = new Received<string>();
        var proceed = new SemaphoreSlim(0);
        await using var listener = server.Sender.CreateListener();
        await using var subscription = await listener.SubscribeAsync(
            channel,
            async (context, token) =>
            {
                entered.Add(context.Payload);
                await proceed.WaitAsync(token);
            },
            new() { MaxConcurrency = 3 },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using var notifications = listener.GetAsyncEnumerator(Cancellation);
        await server.NotifyAsync(channel, "1", "2", "3", "4");
        for (var i = 0; i < 4; i++)
            Assert.True(await notifications.MoveNextAsync().AsTask().SoonAsync());

        Assert.Equal(["1", "2", "3"], (await entered.NextAsync(3, seconds: 20)).Order());
        Assert.Equal(0, entered.Waiting);
        proceed.Release();
        Assert.Equal("4", await entered.NextAsync());
        proceed.Release(3);
    }

    [Fact]
    public async Task A_time_limit_cancels_the_call_and_the_next_goes_on()
    {
        var channel = NewChannel();
        var log = new FakeLogCollector();
        using var loggers = new LoggerFactory([new FakeLoggerProvider(log)]);
        var received = new Received<string>();
        await using var listener = server.Sender.CreateListener(new() { LoggerFactory = loggers });
        await using var subscription = await listener.SubscribeAsync(
            channel,
            async (context, token) =>
            {
                if (context.Payload == "slow")
                    await Task.Delay(Timeout.Infinite, token);
                received.Add(context.Payload);
            },
            new() { Timeout = TimeSpan.FromMilliseconds(100), Name = "Slow one" },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "slow", "quick");
        Assert.Equal("quick", await received.NextAsync());
        var record = Assert.Single(log.GetSnapshot(), record => record.Id.Id == 201);
        Assert.StartsWith("Slow one was cancelled", record.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_context_of_whoever_added_it_does_not_reach_a_callback()
    {
        var channel = NewChannel();
        var ambient = new AsyncLocal<string> { Value = "the caller's" };
        var received = new Received<string?>();
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await listener.AddCallbackAsync(
            channel,
            (_, _) =>
            {
                received.Add(ambient.Value);
                return Task.CompletedTask;
            },
            Cancellation);
        await server.NotifyAsync(channel, "");
        Assert.Null(await received.NextAsync());
    }
}
