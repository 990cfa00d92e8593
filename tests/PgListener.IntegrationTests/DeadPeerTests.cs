using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;
using PgListener.TestServer;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Links and servers that die in all the ways they do: it is noticed in time, and repaired.</summary>
public sealed class DeadPeerTests(ServerFixture server, ITestOutputHelper output)
{
    /// <summary>What a busy machine may add.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1.5);

    /// <summary>What it adds at the best of several times; more than that is not noise.</summary>
    private static readonly TimeSpan LeastNoise = TimeSpan.FromSeconds(0.5);

    private readonly ConcurrentBag<TimeSpan> _late = [];

    // While it tries to cancel a command on a dead link, Npgsql blocks a thread. So many at a time, in a pool of as many
    // threads as this machine has processors, would measure the pool.
    static DeadPeerTests() => ThreadPool.SetMinThreads(16, 16);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Links_that_swallow_everything_are_given_up_and_replaced()
    {
        await Task.WhenAll(
            IsGivenUpAsync("half-open link", 1, proxy => proxy.Forget(), lasting: false),
            IsGivenUpAsync("half-open link, keep-alive 2 s", 2, proxy => proxy.Forget(), lasting: false),
            IsGivenUpAsync("black hole to the server", 1, proxy => proxy.FreezeToServer()),
            IsGivenUpAsync("black hole to the client", 1, proxy => proxy.FreezeToClient()),
            IsGivenUpAsync("black hole both ways", 1, proxy => proxy.Freeze()));
        Assert.True(_late.Min() <= LeastNoise, "All of them were late.");
    }

    [Fact]
    public async Task Servers_that_are_frozen_are_given_up()
        => await Task.WhenAll(IsGivenUpAsync("frozen server process", asAWhole: false), IsGivenUpAsync("frozen server", asAWhole: true));

    [Fact]
    public async Task A_message_that_never_ends_is_given_up()
    {
        await using var peer = await Peer.StartAsync(server.ConnectionString, keepAlive: 1);
        await IsLostAsync("message that never ends", TimeSpan.FromSeconds(2), peer, async () =>
        {
            peer.Proxy.FreezeToClientAfter(100);
            await server.NotifyAsync(peer.Channel, new string('x', 5_000));
        });
        await peer.IsRepairedAsync();
    }

    [Fact]
    public async Task A_reset_connection_is_noticed_at_once()
        => await IsNoticedAtOnceAsync("reset", peer =>
        {
            peer.Proxy.ResetAll();
            return Task.CompletedTask;
        });

    [Fact]
    public async Task A_closed_connection_is_noticed_at_once()
        => await IsNoticedAtOnceAsync("close", peer =>
        {
            peer.Proxy.CloseAll();
            return Task.CompletedTask;
        });

    [Theory]
    [InlineData(3)] // in the header of a message
    [InlineData(100)] // in its body
    public async Task A_connection_that_is_cut_in_the_middle_of_a_message_is_noticed_at_once(int bytes)
        => await IsNoticedAtOnceAsync($"cut after {bytes} bytes of a message", async peer =>
        {
            peer.Proxy.CutToClientAfter(bytes);
            await server.NotifyAsync(peer.Channel, new string('x', 5_000));
        });

    [Fact]
    public async Task A_peer_that_accepts_and_says_nothing_is_given_up_within_the_limit()
    {
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        proxy.Stalls = true;
        var log = new ListenerLog();
        await using var listener = new Listener(proxy.ConnectionString, Peer.Options(keepAlive: 1, log));
        var watch = Stopwatch.StartNew();
        var error = await Assert.ThrowsAsync<ListenerStartException>(() => listener.StartAsync(Cancellation).SoonAsync());
        Report("peer that says nothing", watch.Elapsed, TimeSpan.FromSeconds(1));
        Assert.IsType<TimeoutException>(error.InnerException is NpgsqlException itself ? itself.InnerException : error.InnerException); // Npgsql's own limit is the same.
        await proxy.WhenAsync(_ => proxy.Connections == 0, Cancellation).SoonAsync();

        listener.Start();
        await log.ConnectFailed.NextAsync();
        proxy.Stalls = false;
        await listener.WaitUntilListeningAsync(Cancellation).SoonAsync();
    }

    [Fact]
    public async Task A_channel_added_on_a_dead_link_is_listened_to_on_the_next()
    {
        await using var peer = await Peer.StartAsync(server.ConnectionString, keepAlive: 1);
        var session = peer.Listener.Connection.ProcessID;
        var late = NewChannel();
        Task? added = null;
        await IsLostAsync("dead link under a LISTEN", TimeSpan.FromSeconds(2), peer, () =>
        {
            peer.Proxy.Freeze();
            added = peer.Listener.AddCallbackAsync(late, peer.Received.Payloads(), Cancellation);
            return Task.CompletedTask;
        });
        Assert.False(added!.IsCompleted);
        peer.Proxy.Thaw();
        await added.SoonAsync();
        Assert.NotEqual(session, peer.Listener.Connection.ProcessID);
        Assert.Equal("Reconnected", await peer.Received.NextAsync());
        await server.NotifyAsync(late, "heard");
        Assert.Equal("heard", await peer.Received.NextAsync());
    }

    [Fact]
    public async Task A_second_connection_that_has_died_unnoticed_holds_up_no_change()
    {
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        await using var listener = WithSecondConnectionsThrough(proxy);
        await listener.StartAsync(Cancellation);
        await listener.AddChannelAsync(NewChannel(), Cancellation).SoonAsync();
        await proxy.WhenAsync(_ => proxy.Connections > 0, Cancellation).SoonAsync();
        var session = listener.Connection.ProcessID;
        proxy.Forget(); // As a firewall forgets what has long been idle.
        for (var i = 0; i < 2; i++)
        {
            var watch = Stopwatch.StartNew();
            await listener.AddChannelAsync(NewChannel(), Cancellation).SoonAsync();
            Report("dead second connection", watch.Elapsed, TimeSpan.FromSeconds(1));
        }

        Assert.Equal(session, listener.Connection.ProcessID);
    }

    [Fact]
    public async Task A_second_connection_that_cannot_be_made_does_not_hold_up_the_first()
    {
        await using var proxy = FaultProxy.Start(server.ConnectionString);
        proxy.Stalls = true;
        await using var listener = WithSecondConnectionsThrough(proxy);
        var watch = Stopwatch.StartNew();
        await listener.StartAsync(Cancellation).SoonAsync();
        Report("stalled second connection", watch.Elapsed, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(30)] // much longer than the keep-alive
    [InlineData(0)] // none
    public async Task The_command_timeout_of_a_data_source_of_the_callers_does_not_count(int commandTimeout)
    {
        await using var peer = await Peer.StartAsync(server.ConnectionString, keepAlive: 1, commandTimeout);
        var session = peer.Listener.Connection.ProcessID;
        for (var probe = 0; probe < 3; probe++)
        {
            var before = peer.Proxy.FromClients;
            await peer.Proxy.WhenAsync(proxy => proxy.FromClients > before, Cancellation).SoonAsync();
        }

        await server.NotifyAsync(peer.Channel, "heard");
        Assert.Equal("heard", await peer.Received.NextAsync());
        Assert.Equal(session, peer.Listener.Connection.ProcessID);

        await IsLostAsync($"half-open link, Command Timeout={commandTimeout}", TimeSpan.FromSeconds(2), peer, () =>
        {
            peer.Proxy.Forget();
            return Task.CompletedTask;
        });
        await peer.IsRepairedAsync();
    }

    [Fact]
    public async Task A_slow_link_that_lives_is_not_given_up()
    {
        await using var peer = await Peer.StartAsync(server.ConnectionString, keepAlive: 1);
        var session = peer.Listener.Connection.ProcessID;
        peer.Proxy.Delay = TimeSpan.FromMilliseconds(300);
        for (var probe = 0; probe < 3; probe++)
        {
            var before = peer.Proxy.FromClients;
            await peer.Proxy.WhenAsync(proxy => proxy.FromClients > before, Cancellation).SoonAsync();
        }

        await server.NotifyAsync(peer.Channel, "heard");
        Assert.Equal("heard", await peer.Received.NextAsync());
        Assert.Equal(session, peer.Listener.Connection.ProcessID);
        Assert.Equal(0, peer.Log.Lost.Waiting);
    }

    private Listener WithSecondConnectionsThrough(FaultProxy proxy)
    {
        var sources = 0;
        return new(server.ConnectionString, Peer.Options(keepAlive: 1), builder =>
        {
            if (++sources == 2)
                builder.ConnectionStringBuilder.Port = new NpgsqlConnectionStringBuilder(proxy.ConnectionString).Port;
        });
    }

    private async Task IsGivenUpAsync(string what, int keepAlive, Action<FaultProxy> harm, bool lasting = true)
    {
        await using var peer = await Peer.StartAsync(server.ConnectionString, keepAlive);
        await IsLostAsync(what, TimeSpan.FromSeconds(2 * keepAlive), peer, () =>
        {
            harm(peer.Proxy);
            return Task.CompletedTask;
        });
        if (lasting)
        {
            await peer.CannotConnectAsync();
            peer.Proxy.Thaw();
        }

        var watch = Stopwatch.StartNew();
        await peer.IsRepairedAsync();
        output.WriteLine($"{what}: listening again after {watch.Elapsed.TotalSeconds:0.000} s more");
    }

    private async Task IsGivenUpAsync(string what, bool asAWhole)
    {
        await using var own = await TestServers.StartOwnAsync();
        Assert.SkipWhen(own.WhyUnbreakable is not null, own.WhyUnbreakable ?? "");
        await using var peer = await Peer.StartAsync(own.ConnectionString, keepAlive: 1);
        int? frozen = asAWhole ? null : peer.Listener.Connection.ProcessID;
        await IsLostAsync(what, TimeSpan.FromSeconds(2), peer, () => own.PauseAsync(frozen));
        if (asAWhole)
        {
            await peer.CannotConnectAsync();
            await own.ResumeAsync(frozen);
        }

        await peer.IsRepairedAsync();
        if (!asAWhole)
            await own.ResumeAsync(frozen);
    }

    private async Task IsNoticedAtOnceAsync(string what, Func<Peer, Task> harm)
    {
        await using var peer = await Peer.StartAsync(server.ConnectionString, keepAlive: 60);
        await IsLostAsync(what, TimeSpan.Zero, peer, () => harm(peer));
        await peer.IsRepairedAsync();
    }

    private async Task IsLostAsync(string what, TimeSpan limit, Peer peer, Func<Task> harm)
    {
        Assert.Equal(0, peer.Log.Lost.Waiting);
        var watch = Stopwatch.StartNew();
        await harm();
        await peer.Log.Lost.NextAsync();
        Report(what, watch.Elapsed, limit);
    }

    private void Report(string what, TimeSpan elapsed, TimeSpan limit)
    {
        var text = $"{what}: detected after {elapsed.TotalSeconds:0.000} s";
        output.WriteLine(text);
        _late.Add(elapsed - limit);
        Assert.True(elapsed <= limit + Tolerance, $"{text}, but the limit is {limit.TotalSeconds:0} s.");
    }

    /// <summary>A listener behind a proxy. It has just heard something when it is handed out, so that the silence begins then.</summary>
    private sealed class Peer : IAsyncDisposable
    {
        private readonly NpgsqlDataSource _sender;
        private readonly NpgsqlDataSource? _callers;

        private Peer(string connectionString, int keepAlive, int? commandTimeout)
        {
            _sender = NpgsqlDataSource.Create(connectionString);
            Proxy = FaultProxy.Start(connectionString);
            if (commandTimeout is null)
            {
                Listener = new(Proxy.ConnectionString, Options(keepAlive, Log));
            }
            else
            {
                _callers = NpgsqlDataSource.Create($"{Proxy.ConnectionString};Command Timeout={commandTimeout}");
                Listener = _callers.CreateListener(Options(keepAlive, Log));
            }
        }

        public FaultProxy Proxy { get; }

        public Listener Listener { get; }

        public string Channel { get; } = NewChannel("peer");

        public ListenerLog Log { get; } = new();

        public Received<string> Received { get; } = new();

        public static ListenerOptions Options(int keepAlive, ILoggerFactory? log = null) => new()
        {
            LoggerFactory = log,
            KeepAlive = TimeSpan.FromSeconds(keepAlive),
            ConnectTimeout = TimeSpan.FromSeconds(1),
            ReconnectDelay = TimeSpan.FromMilliseconds(20),
            MaxReconnectDelay = TimeSpan.FromMilliseconds(200),
        };

        public static async Task<Peer> StartAsync(string connectionString, int keepAlive, int? commandTimeout = null)
        {
            var peer = new Peer(connectionString, keepAlive, commandTimeout);
            await peer.Listener.SubscribeAsync(
                peer.Channel,
                peer.Received.Payloads(),
                new()
                {
                    OnResync = (resync, _) =>
                    {
                        peer.Received.Add(resync.Reason.ToString());
                        return Task.CompletedTask;
                    },
                },
                Cancellation);
            await peer.Listener.StartAsync(Cancellation);
            peer.Listener.Listen();
            Assert.Equal("Started", await peer.Received.NextAsync());
            await peer.HearsAsync(1);
            return peer;
        }

        /// <summary>As long as the fault lasts, new connections fail too.</summary>
        public async Task CannotConnectAsync()
        {
            Assert.Equal(ListenerState.Reconnecting, Listener.State);
            await Log.ConnectFailed.NextAsync();
            Assert.Equal(ListenerState.Reconnecting, Listener.State);
        }

        /// <summary>It listens again, has said so once, and keeps its new connection.</summary>
        public async Task IsRepairedAsync()
        {
            Assert.Equal("Reconnected", await Received.NextAsync());
            await Listener.WaitUntilListeningAsync(Cancellation).SoonAsync();
            await HearsAsync(2);
            await HearsAsync(3);
            Assert.Equal(0, Log.Lost.Waiting);
        }

        public async ValueTask DisposeAsync()
        {
            await Listener.DisposeAsync();
            await (_callers?.DisposeAsync() ?? ValueTask.CompletedTask);
            await Proxy.DisposeAsync();
            await _sender.DisposeAsync();
        }

        private async Task HearsAsync(int number)
        {
            await _sender.NotifyRangeAsync(Channel, number, 1, cancellationToken: Cancellation);
            Assert.Equal($"{number}", await Received.NextAsync());
        }
    }
}
