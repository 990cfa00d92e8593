using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Starting, stopping, and starting again.</summary>
public class LifecycleTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Starts_again_after_a_stop_and_listens_to_everything_again(bool ownConnections)
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = ownConnections ? new Listener(server.ConnectionString) : server.Sender.CreateListener();
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        for (var i = 0; i < 5; i++)
        {
            await listener.StartAsync(Cancellation);
            listener.Listen();
            Assert.Equal([channel], await listener.GetListeningChannelsAsync(Cancellation));
            await server.NotifyAsync(channel, $"run {i}");
            Assert.Equal($"run {i}", await received.NextAsync());
            await listener.StopAsync(Cancellation).SoonAsync();
            Assert.Equal(ListenerState.Stopped, listener.State);
            Assert.False(listener.IsStarted);
        }
    }

    [Fact]
    public async Task What_is_added_and_cleared_while_stopped_counts_from_the_next_start()
    {
        var (kept, added, cleared) = ("1_" + NewChannel(), "2_" + NewChannel(), "3_" + NewChannel());
        await using var listener = server.Sender.CreateListener();
        await listener.AddChannelAsync(kept, Cancellation);
        await listener.AddChannelAsync(cleared, Cancellation);
        await listener.StartAsync(Cancellation);
        await listener.StopAsync(Cancellation);
        await listener.AddChannelAsync(added, Cancellation);
        await listener.ClearChannelCallbacksAsync(cleared, Cancellation);
        await listener.StartAsync(Cancellation);
        Assert.Equal([kept, added], (await listener.GetListeningChannelsAsync(Cancellation)).Order());
    }

    [Fact]
    public async Task Queued_work_finishes_before_the_stop_is_over()
    {
        var channel = NewChannel();
        var entered = new TaskCompletionSource();
        var proceed = new TaskCompletionSource();
        var received = new Received<string>();
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(
            channel,
            async (context, _) =>
            {
                entered.TrySetResult();
                await proceed.Task;
                received.Add(context.Payload);
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using var notifications = listener.GetAsyncEnumerator(Cancellation);
        await server.NotifyAsync(channel, "1", "2", "3");
        for (var i = 0; i < 3; i++)
            Assert.True(await notifications.MoveNextAsync().AsTask().SoonAsync());
        await entered.Task.SoonAsync();

        var stop = listener.StopAsync(Cancellation);
        Assert.Equal(ListenerState.Stopping, await StateAsync(listener, ListenerState.Stopping));
        Assert.False(stop.IsCompleted);
        proceed.SetResult();
        await stop.SoonAsync();
        Assert.Equal(["1", "2", "3"], await received.NextAsync(3, seconds: 1));
    }

    [Fact]
    public async Task A_callback_that_does_not_end_is_cancelled_and_one_that_ignores_that_is_left_behind()
    {
        var (one, other) = ("1_" + NewChannel(), "2_" + NewChannel());
        var entered = new Received<string>();
        var cancelled = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        await using var listener = new Listener(server.ConnectionString, new() { DrainTimeout = TimeSpan.FromMilliseconds(200) });
        await listener.AddCallbackAsync(
            one,
            async (_, token) =>
            {
                entered.Add("one");
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                finally
                {
                    cancelled.SetResult();
                }
            },
            Cancellation);
        await listener.AddCallbackAsync(
            other,
            async (_, _) =>
            {
                entered.Add("other");
                await never.Task;
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(one, "");
        await server.NotifyAsync(other, "");
        await entered.NextAsync(2, seconds: 20);

        await listener.StopAsync(Cancellation).SoonAsync();
        await cancelled.Task.SoonAsync();
        Assert.Equal(ListenerState.Stopped, listener.State);
        never.SetResult();
    }

    [Fact]
    public async Task A_cancelled_stop_does_not_wait()
    {
        var channel = NewChannel();
        var entered = new TaskCompletionSource();
        await using var listener = new Listener(server.ConnectionString, new() { DrainTimeout = TimeSpan.FromHours(1) });
        await listener.AddCallbackAsync(
            channel,
            (_, token) =>
            {
                entered.SetResult();
                return Task.Delay(Timeout.Infinite, token);
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "");
        await entered.Task.SoonAsync();
        await listener.StopAsync(new CancellationToken(canceled: true)).SoonAsync();
        Assert.Equal(ListenerState.Stopped, listener.State);
    }

    [Fact]
    public async Task A_callback_may_stop_its_own_listener()
    {
        var channel = NewChannel();
        var stopped = new TaskCompletionSource();
        await using var listener = new Listener(server.ConnectionString, new() { DrainTimeout = TimeSpan.FromHours(1) });
        await listener.AddCallbackAsync(
            channel,
            async (_, _) =>
            {
                await listener.StopAsync(CancellationToken.None);
                stopped.SetResult();
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "");
        await stopped.Task.SoonAsync();
        Assert.Equal(ListenerState.Stopped, listener.State);
    }

    [Fact]
    public async Task No_session_is_left_behind()
    {
        var name = $"left_{Guid.NewGuid():n}";
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { ApplicationName = name }.ConnectionString;
        await using (var listener = new Listener(connectionString))
        {
            await listener.StartAsync(Cancellation);
            await listener.AddChannelAsync(NewChannel(), Cancellation);
            Assert.True(await server.CountSessionsAsync(name) >= 1);
        }

        // The server notices the end of a connection by itself, a moment later.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await server.CountSessionsAsync(name) > 0)
            limit.Token.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task A_borrowed_connection_goes_back_to_its_pool_without_listening()
    {
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { MaxPoolSize = 1, NoResetOnClose = true }.ConnectionString;
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        await using var listener = dataSource.CreateListener();
        await listener.AddChannelAsync(NewChannel(), Cancellation);
        await listener.StartAsync(Cancellation);
        var session = listener.Connection.ProcessID;
        await listener.StopAsync(Cancellation);

        await using var connection = await dataSource.OpenConnectionAsync(Cancellation);
        Assert.Equal(session, connection.ProcessID);
        await using var command = new NpgsqlCommand("select count(*) from pg_listening_channels()", connection);
        Assert.Equal(0L, await command.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task Start_without_waiting_keeps_trying_and_is_awaited_with_WaitUntilListening()
    {
        var role = $"late_{Guid.NewGuid():n}";
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = role }.ConnectionString;
        await using var listener = new Listener(connectionString, new() { ReconnectDelay = TimeSpan.FromMilliseconds(10), MaxReconnectDelay = TimeSpan.FromMilliseconds(50) });
        listener.Start();
        var listening = listener.WaitUntilListeningAsync(Cancellation);
        var added = listener.AddChannelAsync(NewChannel(), Cancellation);
        Assert.Equal(ListenerState.Connecting, await StateAsync(listener, ListenerState.Connecting));
        Assert.False(listening.IsCompleted);
        Assert.False(added.IsCompleted);

        await using (var command = server.Sender.CreateCommand($"create role {role} login superuser password '{server.Password}'"))
            await command.ExecuteNonQueryAsync(Cancellation);
        await listening.SoonAsync();
        await added.SoonAsync();
        Assert.Equal(ListenerState.Listening, listener.State);
    }

    [Fact]
    public async Task A_stop_ends_what_waits_for_the_server()
    {
        await using var listener = new Listener("Host=127.0.0.1;Port=1;Username=nobody");
        listener.Start();
        var added = listener.AddChannelAsync(NewChannel(), Cancellation);
        var asked = listener.GetListeningChannelsAsync(Cancellation);
        await listener.StopAsync(Cancellation).SoonAsync();
        await Assert.ThrowsAsync<ListenerClosedException>(() => added.SoonAsync());
        await Assert.ThrowsAsync<ListenerClosedException>(() => asked.SoonAsync());
    }

    private static async Task<ListenerState> StateAsync(Listener listener, ListenerState expected)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (listener.State != expected && !limit.IsCancellationRequested)
            await Task.Yield();
        return listener.State;
    }
}
