using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>What psqlpy's listener does, and what its own tests check.</summary>
public class ListenerTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Listens_with_a_callback()
    {
        var channel = NewChannel();
        var received = new Received<NotificationContext>();
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(
            channel,
            (context, _) =>
            {
                received.Add(context);
                return Task.CompletedTask;
            },
            Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        await using var sender = await server.Sender.OpenConnectionAsync(Cancellation);
        await using var command = new NpgsqlCommand("select pg_notify($1, 'test_payload')", sender) { Parameters = { new() { Value = channel } } };
        await command.ExecuteNonQueryAsync(Cancellation);

        var context = await received.NextAsync();
        Assert.Equal(channel, context.Channel);
        Assert.Equal("test_payload", context.Payload);
        Assert.Equal(sender.ProcessID, context.ProcessId);
    }

    [Fact]
    public async Task Iterates()
    {
        var channel = NewChannel();
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        await listener.AddChannelAsync(channel, Cancellation);
        await using var notifications = listener.GetAsyncEnumerator(Cancellation);

        await server.NotifyAsync(channel, "1", "2");
        Assert.True(await notifications.MoveNextAsync().AsTask().SoonAsync());
        Assert.Equal((channel, "1"), (notifications.Current.Channel, notifications.Current.Payload));
        Assert.True(await notifications.MoveNextAsync().AsTask().SoonAsync());
        Assert.Equal("2", notifications.Current.Payload);
    }

    [Fact]
    public async Task Every_enumerator_sees_every_notification()
    {
        var (one, other) = ("1_" + NewChannel(), "2_" + NewChannel());
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        await listener.AddChannelAsync(one, Cancellation);
        await listener.AddCallbackAsync(other, (_, _) => Task.CompletedTask, Cancellation);

        IAsyncEnumerator<Notification>[] enumerators = [listener.GetAsyncEnumerator(Cancellation), listener.GetAsyncEnumerator(Cancellation)];
        await server.NotifyAsync(one, "a");
        await server.NotifyAsync(other, "b");
        foreach (var notifications in enumerators)
        {
            foreach (var expected in new[] { (one, "a"), (other, "b") })
            {
                Assert.True(await notifications.MoveNextAsync().AsTask().SoonAsync());
                Assert.Equal(expected, (notifications.Current.Channel, notifications.Current.Payload));
            }

            await notifications.DisposeAsync();
        }
    }

    [Fact]
    public async Task Iteration_ends_with_the_token_and_with_the_listener()
    {
        var channel = NewChannel();
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        await listener.AddChannelAsync(channel, Cancellation);

        using var cancelled = new CancellationTokenSource();
        await using var first = listener.GetAsyncEnumerator(cancelled.Token);
        await using var second = listener.GetAsyncEnumerator(Cancellation);
        var move = first.MoveNextAsync().AsTask();
        Assert.False(move.IsCompleted);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => move.SoonAsync());

        await server.NotifyAsync(channel, "last");
        Assert.True(await second.MoveNextAsync().AsTask().SoonAsync());
        move = second.MoveNextAsync().AsTask();
        await listener.StopAsync(Cancellation).SoonAsync();
        Assert.False(await move.SoonAsync());
    }

    [Fact]
    public async Task Abort_ceases_to_call_and_Listen_goes_on_with_what_came_meanwhile()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.AbortListen(); // Nothing happens when it is not listening.
        listener.Listen();
        listener.Listen();
        await server.NotifyAsync(channel, "1");
        Assert.Equal("1", await received.NextAsync());

        listener.AbortListen();
        await using var notifications = listener.GetAsyncEnumerator(Cancellation);
        await server.NotifyAsync(channel, "2");

        // A reader has seen it, so it has arrived; the callback has not been called.
        Assert.True(await notifications.MoveNextAsync().AsTask().SoonAsync());
        Assert.Equal(0, received.Waiting);
        listener.Listen();
        Assert.Equal("2", await received.NextAsync());
    }

    [Fact]
    public async Task Nothing_is_called_after_a_stop()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel, "1");
        Assert.Equal("1", await received.NextAsync());
        await listener.StopAsync(Cancellation);

        // Somebody else has received it, and the stopped one has not.
        var other = new Received<string>();
        await using var witness = server.Sender.CreateListener();
        await witness.AddCallbackAsync(channel, other.Payloads(), Cancellation);
        await witness.StartAsync(Cancellation);
        witness.Listen();
        await server.NotifyAsync(channel, "2");
        Assert.Equal("2", await other.NextAsync());
        Assert.Equal(0, received.Waiting);
    }

    [Fact]
    public async Task What_needs_a_started_listener_says_so()
    {
        await using var listener = server.Sender.CreateListener();
        Assert.False(listener.IsStarted);
        Assert.Equal(ListenerState.Stopped, listener.State);
        Assert.Throws<InvalidOperationException>(listener.Listen);
        Assert.Throws<ListenerStartException>(() => listener.Connection);
        Assert.Throws<InvalidOperationException>(() => listener.GetAsyncEnumerator(Cancellation));
        await Assert.ThrowsAsync<InvalidOperationException>(() => listener.GetListeningChannelsAsync(Cancellation));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await listener.ReadAllAsync(NewChannel(), cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation).MoveNextAsync());
        await listener.StopAsync(Cancellation);
        await listener.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => listener.StartAsync(Cancellation));
    }

    [Fact]
    public async Task A_second_start_is_refused()
    {
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        await Assert.ThrowsAsync<ListenerStartException>(() => listener.StartAsync(Cancellation));
        Assert.Throws<ListenerStartException>(listener.Start);
        Assert.True(listener.IsStarted);
        Assert.Equal(ListenerState.Listening, listener.State);
    }

    [Fact]
    public async Task A_failed_start_says_why_and_can_be_tried_again()
    {
        var nobody = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "no_such_database" }.ConnectionString;
        await using var listener = new Listener(nobody);
        for (var i = 0; i < 2; i++)
        {
            var error = await Assert.ThrowsAsync<ListenerStartException>(() => listener.StartAsync(Cancellation).SoonAsync());
            Assert.Equal("3D000", Assert.IsType<PostgresException>(error.InnerException).SqlState);
            Assert.False(listener.IsStarted);
            Assert.Equal(ListenerState.Stopped, listener.State);
        }
    }

    [Fact]
    public async Task A_start_that_is_cancelled_leaves_it_stopped()
    {
        await using var listener = server.Sender.CreateListener();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listener.StartAsync(new CancellationToken(canceled: true)));
        Assert.False(listener.IsStarted);
    }

    [Fact]
    public async Task Several_channels_and_callbacks()
    {
        var (one, other) = ("1_" + NewChannel(), "2_" + NewChannel());
        var (first, second, third) = (new Received<string>(), new Received<string>(), new Received<string>());
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(one, first.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await listener.AddCallbackAsync(one, second.Payloads(), Cancellation);
        await listener.AddCallbackAsync(other, third.Payloads(), Cancellation);

        await server.NotifyAsync(one, "to one");
        await server.NotifyAsync(other, "to other");
        Assert.Equal("to one", await first.NextAsync());
        Assert.Equal("to one", await second.NextAsync());
        Assert.Equal("to other", await third.NextAsync());
        Assert.Equal((0, 0, 0), (first.Waiting, second.Waiting, third.Waiting));
    }

    [Fact]
    public async Task Clears_one_channel()
    {
        var (one, other) = ("1_" + NewChannel(), "2_" + NewChannel());
        var (first, second) = (new Received<string>(), new Received<string>());
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await listener.AddCallbackAsync(one, first.Payloads(), Cancellation);
        await listener.AddCallbackAsync(one, first.Payloads(), Cancellation);
        await listener.AddCallbackAsync(other, second.Payloads(), Cancellation);
        Assert.Equal([one, other], (await listener.GetListeningChannelsAsync(Cancellation)).Order());

        await listener.ClearChannelCallbacksAsync(one, Cancellation);
        Assert.Equal([other], await listener.GetListeningChannelsAsync(Cancellation));
        await server.NotifyAsync(one, "unheard");
        await server.NotifyAsync(other, "heard");
        Assert.Equal("heard", await second.NextAsync());
        Assert.Equal(0, first.Waiting);
    }

    [Fact]
    public async Task Clears_all_channels()
    {
        var (one, other) = ("1_" + NewChannel(), "2_" + NewChannel());
        var received = new Received<string>();
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await listener.AddCallbackAsync(one, received.Payloads(), Cancellation);
        await listener.AddChannelAsync(other, Cancellation);
        Assert.Equal(2, (await listener.GetListeningChannelsAsync(Cancellation)).Count);

        await listener.ClearAllChannelsAsync(Cancellation);
        Assert.Empty(await listener.GetListeningChannelsAsync(Cancellation));
        await server.NotifyAsync(one, "unheard");

        await listener.AddCallbackAsync(other, received.Payloads(), Cancellation);
        await server.NotifyAsync(other, "heard");
        Assert.Equal("heard", await received.NextAsync());
    }

    [Fact]
    public async Task A_connection_of_the_listener_can_be_looked_at()
    {
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        Assert.True(listener.Connection.ProcessID > 0);
        Assert.Equal(System.Data.ConnectionState.Open, listener.Connection.State);
    }
}
