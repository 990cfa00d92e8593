using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Connections are lost and made again; the gaps are announced.</summary>
public class ReconnectTests(ServerFixture server)
{
    private static readonly ListenerOptions Quick = new() { ReconnectDelay = TimeSpan.FromMilliseconds(20), MaxReconnectDelay = TimeSpan.FromMilliseconds(200) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Listens_again_to_everything_wanted_and_says_what_may_be_missing()
    {
        var (one, other, cleared) = ("1_" + NewChannel(), "2_" + NewChannel(), "3_" + NewChannel());
        var (first, second) = (new Received<string>(), new Received<string>());
        await using var listener = new Listener(server.ConnectionString, Quick);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await SubscribeAsync(listener, one, first);
        await SubscribeAsync(listener, other, second);
        await listener.AddChannelAsync(cleared, Cancellation);
        await listener.ClearChannelCallbacksAsync(cleared, Cancellation);
        await server.NotifyAsync(one, "before");
        Assert.Equal(["Started", "before"], await first.NextAsync(2, seconds: 20));
        Assert.Equal("Started", await second.NextAsync());

        for (var i = 0; i < 3; i++)
        {
            await server.TerminateAsync(listener);
            Assert.Equal("Reconnected", await first.NextAsync());
            Assert.Equal("Reconnected", await second.NextAsync());
            Assert.Equal([one, other], (await listener.GetListeningChannelsAsync(Cancellation)).Order());
            await server.NotifyAsync(other, $"after {i}");
            Assert.Equal($"after {i}", await second.NextAsync());
        }

        Assert.Equal((0, 0), (first.Waiting, second.Waiting));
    }

    [Fact]
    public async Task The_window_of_a_gap_spans_what_was_missed()
    {
        var channel = NewChannel();
        var received = new Received<Resync>();
        await using var listener = new Listener(server.ConnectionString, Quick);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await using var subscription = await listener.SubscribeAsync(
            channel,
            (_, _) => Task.CompletedTask,
            new()
            {
                OnResync = (resync, _) =>
                {
                    received.Add(resync);
                    return Task.CompletedTask;
                },
            },
            Cancellation);

        var started = await received.NextAsync();
        Assert.Equal((channel, ResyncReason.Started, null), (started.Channel, started.Reason, started.Since));
        var before = DateTimeOffset.UtcNow;
        await server.TerminateAsync(listener);
        var lost = await received.NextAsync();
        Assert.Equal(ResyncReason.Reconnected, lost.Reason);
        Assert.InRange(lost.Until, before, DateTimeOffset.UtcNow);
        Assert.NotNull(lost.Since);
        Assert.True(lost.Since <= lost.Until);
    }

    [Fact]
    public async Task What_is_added_while_there_is_no_connection_is_listened_to_afterwards()
    {
        var name = $"late_{Guid.NewGuid():n}";
        var (early, late) = ("1_" + NewChannel(), "2_" + NewChannel());
        var received = new Received<string>();
        await using (var create = server.Sender.CreateCommand($"create role {name} login superuser password '{server.Password}'"))
            await create.ExecuteNonQueryAsync(Cancellation);
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = name }.ConnectionString;
        await using var listener = new Listener(connectionString, Quick);
        await listener.AddCallbackAsync(early, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        var session = listener.Connection.ProcessID;
        await AlterAsync("nologin");
        await server.TerminateAsync(session);
        await StateAsync(listener, ListenerState.Reconnecting);
        var added = listener.AddCallbackAsync(late, received.Payloads(), Cancellation);
        Assert.False(added.IsCompleted);
        await listener.ClearChannelCallbacksAsync(early, Cancellation).SoonAsync(); // Nobody listens, so nothing is to be waited for.

        await AlterAsync("login");
        await added.SoonAsync();
        Assert.Equal([late], await listener.GetListeningChannelsAsync(Cancellation));
        await server.NotifyAsync(late, "heard");
        Assert.Equal("heard", await received.NextAsync());

        async Task AlterAsync(string what)
        {
            await using var alter = server.Sender.CreateCommand($"alter role {name} {what}");
            await alter.ExecuteNonQueryAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Survives_a_server_that_is_killed_and_one_that_is_restarted()
    {
        await using var own = await TestServers.StartOwnAsync();
        var log = new FakeLogCollector();
        using var loggers = new LoggerFactory([new FakeLoggerProvider(log)]);
        var received = new Received<string>();
        await using var listener = new Listener(own.ConnectionString, new() { ReconnectDelay = Quick.ReconnectDelay, MaxReconnectDelay = Quick.MaxReconnectDelay, LoggerFactory = loggers });
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await SubscribeAsync(listener, "c", received);
        Assert.Equal("Started", await received.NextAsync());

        await using var sender = NpgsqlDataSource.Create(own.ConnectionString + ";Pooling=false");
        foreach (var harm in new[] { own.KillAsync, own.StopAsync })
        {
            // A notification can arrive before the proof that makes a session a session that listens.
            await StateAsync(listener, ListenerState.Listening);
            await harm();
            await StateAsync(listener, ListenerState.Reconnecting);
            await own.StartAsync();
            Assert.Equal("Reconnected", await received.NextAsync(seconds: 60));
            await using var notify = sender.CreateCommand("select pg_notify('c', 'heard')");
            await notify.ExecuteNonQueryAsync(Cancellation);
            Assert.Equal("heard", await received.NextAsync());
        }

        Assert.Equal(2, log.GetSnapshot().Count(record => record.Id.Id == 101));
    }

    [Fact]
    public async Task A_silent_server_is_asked_and_found_alive()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = new Listener(server.ConnectionString, new() { KeepAlive = TimeSpan.FromSeconds(1) });
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        var session = listener.Connection.ProcessID;

        // The server remembers the last command of each session.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var ask = server.Sender.CreateCommand($"select query from pg_stat_activity where pid = {session}");
        while (!$"{await ask.ExecuteScalarAsync(limit.Token)}".Contains("pg_notification_queue_usage()", StringComparison.Ordinal))
            limit.Token.ThrowIfCancellationRequested();

        await server.NotifyAsync(channel, "still there");
        Assert.Equal("still there", await received.NextAsync());
        Assert.Equal(session, listener.Connection.ProcessID);

        // The notification may have come together with the answer, a moment before the answer is noted.
        while (listener.Status.QueueUsage is null)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_server_process_that_is_frozen_is_given_up()
    {
        await using var own = await TestServers.StartOwnAsync();
        var received = new Received<string>();
        await using var listener = new Listener(own.ConnectionString, new() { KeepAlive = TimeSpan.FromSeconds(1), ReconnectDelay = TimeSpan.FromMilliseconds(20) });
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await SubscribeAsync(listener, "c", received);
        Assert.Equal("Started", await received.NextAsync());
        var frozen = listener.Connection.ProcessID;
        await own.PauseAsync(frozen);
        Assert.Equal("Reconnected", await received.NextAsync(seconds: 30));
        Assert.NotEqual(frozen, listener.Connection.ProcessID);
        await own.ResumeAsync(frozen);
    }

    private static Task<ListenerSubscription> SubscribeAsync(Listener listener, string channel, Received<string> received)
        => listener.SubscribeAsync(
            channel,
            received.Payloads(),
            new() { OnResync = received.Reasons() },
            Cancellation);

    private static async Task StateAsync(Listener listener, ListenerState expected)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (listener.State != expected)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
